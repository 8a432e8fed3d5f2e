import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { decodeWake, encodeWake } from '../../src/bus/wake-payload.ts'

const ids = (count: number) => Array.from({ length: count }, () => randomUUID())

test('what is encoded comes back, each id once', () => {
  const a = randomUUID()
  const b = randomUUID()
  const payloads = encodeWake({ deviceIds: [a, a], projectIds: [b], pairing: true })
  expect(payloads.map(decodeWake)).toEqual([{ deviceIds: [a], projectIds: [b], pairing: true }])
  expect(encodeWake({ pairing: true }).map(decodeWake)).toEqual([{ pairing: true }])
  expect(encodeWake({})).toEqual([])
})

test('many ids are spread over payloads that PostgreSQL takes', () => {
  const deviceIds = ids(1_000)
  const payloads = encodeWake({ deviceIds, pairing: true })
  for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(8_000)
  const wakes = payloads.map(decodeWake)
  expect(wakes.flatMap((wake) => wake.deviceIds ?? [])).toEqual(deviceIds)
  expect(wakes.filter((wake) => wake.pairing === true)).toHaveLength(1)
})

test('too many ids to name wake everybody', () => {
  expect(encodeWake({ deviceIds: ids(10_000) }).map(decodeWake)).toEqual([{ everything: true }])
})

test.each(['', '{', '[]', '{"d":"x"}', '{"d":[1]}'])('a payload that cannot be read wakes everybody: %s', (payload) => {
  expect(decodeWake(payload)).toEqual({ everything: true })
})
