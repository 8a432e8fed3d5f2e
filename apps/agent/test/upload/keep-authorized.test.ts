import { pino } from 'pino'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { Queue } from '../../src/queue/open-queue.ts'
import type { Authorization } from '../../src/upload/authorization.ts'
import { createDoorbell } from '../../src/upload/doorbell.ts'
import { createGate } from '../../src/upload/gate.ts'
import { keepAuthorized } from '../../src/upload/keep-authorized.ts'
import { testQueue } from '../queue/test-queue.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** The platform takes a device for gone after five minutes without a call of its API; bytes to an object store are none. */
const goneAfterMs = 300_000

/** Keeps a device authorized in simulated time; when its identity was read, and whether tokens were to be renewed for it. */
function keep(queue: Queue) {
  const stop = new AbortController()
  const confirmed: { at: number; renew: boolean }[] = []
  const authorization: Authorization = {
    async confirm({ renew = false } = {}) {
      confirmed.push({ at: performance.now(), renew })
      return { kind: 'confirmed', moved: false }
    },
  }
  const idle = () => undefined
  const gate = createGate({
    ...{ probe: async () => true, now: queue.now, random: () => 1 },
    ...{ signal: stop.signal, onOpen: idle, onChange: idle },
  })
  const log = pino({ level: 'silent' })
  const running = keepAuthorized({
    ...{ queue, authorization, gate, bell: createDoorbell(), log, random: () => 1, signal: stop.signal },
  })
  onTestFinished(async () => {
    stop.abort()
    await running
  })
  return confirmed
}

test('the identity is read often enough to keep the device online while its senders do nothing but one long part', async () => {
  const begunAt = performance.now()
  const confirmed = keep(testQueue().queue)
  // Nothing rings: no part is acknowledged, no file appears.
  await vi.advanceTimersByTimeAsync(3_600_000)
  const readAt = confirmed.map(({ at }) => at)
  const gaps = readAt.map((at, index) => at - (readAt[index - 1] ?? begunAt))
  expect(readAt.length).toBeGreaterThanOrEqual(3_600_000 / goneAfterMs)
  expect(Math.max(...gaps)).toBeLessThan(goneAfterMs)
  // And not oftener than the platform wants to be asked.
  expect(Math.min(...gaps.slice(1))).toBeGreaterThan(60_000)
})

test('tokens are renewed in the last half hour of their eight, and not again and again where that brings no later end', async () => {
  const { queue, clock } = testQueue()
  const confirmed = keep(queue)
  const pass = async (durationMs: number) => {
    clock.now += durationMs
    await vi.advanceTimersByTimeAsync(durationMs)
    return confirmed.splice(0).filter(({ renew }) => renew).length
  }
  await vi.advanceTimersByTimeAsync(0)
  // The clock alone leaps: seven hours of timers would tell nothing more.
  clock.now += 7.5 * 3_600_000 - 130_000
  expect(await pass(120_000)).toBe(0)
  expect(await pass(120_000)).toBe(1)
  expect(await pass(240_000)).toBe(0)
  expect(await pass(120_000)).toBe(1)
})
