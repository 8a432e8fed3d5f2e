import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createWatchdog } from '../../src/destination/watchdog.ts'
import { never } from './harness.ts'

const limitMs = 400

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Something leaves `times` times, every `everyMs`, first at `firstMs`; says when the watchdog called it stalled. */
async function stalledAtMs({ firstMs, everyMs, times }: { firstMs: number; everyMs: number; times: number }) {
  const startMs = Date.now()
  const elapsedMs = () => Date.now() - startMs
  const left = () => Math.min(times, Math.max(0, Math.floor((elapsedMs() - firstMs) / everyMs) + 1))
  const watchdog = createWatchdog(never, async () => times - left())
  watchdog.expectWithin(limitMs)
  while (watchdog.cause() === null && elapsedMs() < 100 * limitMs) await vi.advanceTimersByTimeAsync(1)
  const atMs = elapsedMs()
  expect(watchdog.cause()).toBe('stalled')
  watchdog.release()
  return atMs
}

test('moves less than the limit apart are no stall, wherever they fall between two counts; half a limit after it at most is the end', async () => {
  for (const everyMs of [50, 199, 201, 300, 399]) {
    for (let firstMs = 1; firstMs < everyMs; firstMs += 20) {
      const lastMs = firstMs + 9 * everyMs
      const atMs = await stalledAtMs({ firstMs, everyMs, times: 10 })
      expect(atMs - lastMs).toBeGreaterThanOrEqual(limitMs)
      expect(atMs - lastMs).toBeLessThanOrEqual(1.5 * limitMs)
    }
  }
})

test('what is told of counts as a move from then on, and where nothing can be counted the limit is exact', async () => {
  const watchdog = createWatchdog(never)
  watchdog.expectWithin(limitMs)
  for (let round = 0; round < 3; round++) {
    await vi.advanceTimersByTimeAsync(limitMs - 1)
    expect(watchdog.cause()).toBe(null)
    watchdog.expectWithin(limitMs)
  }
  await vi.advanceTimersByTimeAsync(limitMs)
  expect(watchdog.cause()).toBe('stalled')
  watchdog.release()
})
