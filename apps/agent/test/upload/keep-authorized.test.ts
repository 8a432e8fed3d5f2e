import { pino } from 'pino'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { Authorization } from '../../src/upload/authorization.ts'
import { createDoorbell } from '../../src/upload/doorbell.ts'
import { createGate } from '../../src/upload/gate.ts'
import { keepAuthorized } from '../../src/upload/keep-authorized.ts'
import { testQueue } from '../queue/test-queue.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** The platform takes a device for gone after five minutes without a call of its API; bytes to an object store are none. */
const goneAfterMs = 300_000

test('the identity is read often enough to keep the device online while its senders do nothing but one long part', async () => {
  const { queue } = testQueue()
  const stop = new AbortController()
  const readAt: number[] = []
  const authorization: Authorization = {
    async confirm() {
      readAt.push(performance.now())
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
  const begunAt = performance.now()
  // Nothing rings: no part is acknowledged, no file appears.
  await vi.advanceTimersByTimeAsync(3_600_000)
  const gaps = readAt.map((at, index) => at - (readAt[index - 1] ?? begunAt))
  expect(readAt.length).toBeGreaterThanOrEqual(3_600_000 / goneAfterMs)
  expect(Math.max(...gaps)).toBeLessThan(goneAfterMs)
  // And not oftener than the platform wants to be asked.
  expect(Math.min(...gaps.slice(1))).toBeGreaterThan(60_000)
})
