import { expect, test } from 'vitest'
import { createLink, type LinkShape, seededRandom } from '../src/index.ts'

const shape: LinkShape = { bitsPerSecond: 100_000_000, roundTripMs: 50, windowBytes: 524_288, lossRate: 0 }

/** Bytes per second that so many connections, which always have more to send, bring to the far end between two instants. */
function rateOf(connectionCount: number, given: Partial<LinkShape>, fromMs = 5_000, untilMs = 15_000): number {
  const link = createLink({ ...shape, ...given }, seededRandom(1))
  let deliveredBytes = 0
  for (let count = 0; count < connectionCount; count++) {
    const connection = link.connect((byteCount) => {
      deliveredBytes += byteCount
      connection.send(byteCount)
    })
    connection.send(1_000_000)
  }
  link.advance(fromMs)
  deliveredBytes = 0
  link.advance(untilMs)
  return deliveredBytes / ((untilMs - fromMs) / 1_000)
}

test('a connection carries its window once in a round trip', () => {
  const perSecond = 524_288 / 0.05
  expect(rateOf(1, {}) / perSecond).toBeGreaterThan(0.9)
  expect(rateOf(1, {}) / perSecond).toBeLessThanOrEqual(1)
})

test('connections together carry what the narrowest place lets through, and no more', () => {
  const perSecond = 100_000_000 / 8
  for (const count of [2, 8, 32]) {
    expect(rateOf(count, {}) / perSecond, `${count} connections`).toBeGreaterThan(0.95)
    expect(rateOf(count, {}) / perSecond, `${count} connections`).toBeLessThanOrEqual(1.001)
  }
})

test('loss slows a connection that has far to go, and several together get round it', () => {
  const given = { roundTripMs: 150, lossRate: 0.0002 }
  const one = rateOf(1, given)
  expect(one).toBeLessThan(0.5 * rateOf(1, { roundTripMs: 150 }))
  expect(rateOf(8, given)).toBeGreaterThan(5 * one)
})

test('nothing arrives before it was sent and half a round trip has gone, and every byte does once', () => {
  const link = createLink({ ...shape, lossRate: 0.01 }, seededRandom(2))
  let arrivedBytes = 0
  let firstAtMs: number | null = null
  const connection = link.connect((byteCount) => {
    arrivedBytes += byteCount
    firstAtMs ??= nowMs
  })
  connection.send(3_000_001)
  let nowMs = 0
  for (; link.nextAtMs() !== null; nowMs += 1) link.advance(nowMs)
  expect(firstAtMs).toBeGreaterThanOrEqual(75) // one round trip to connect, half of one to arrive
  expect(arrivedBytes).toBe(3_000_001)
  expect(connection.waitingBytes()).toBe(0)
})

test('what is on its way when a connection is closed never arrives', () => {
  const link = createLink(shape, seededRandom(3))
  let arrivedBytes = 0
  const connection = link.connect((byteCount) => {
    arrivedBytes += byteCount
  })
  connection.send(1_000_000)
  link.advance(80)
  const soFar = arrivedBytes
  connection.close()
  link.advance(10_000)
  expect(soFar).toBeGreaterThan(0)
  expect(arrivedBytes).toBe(soFar)
  expect(link.nextAtMs()).toBeNull()
})
