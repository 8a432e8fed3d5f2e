import { uptime } from 'node:os'
import { afterEach, expect, test, vi } from 'vitest'
import { readUptimeMs, uptimeStepMs } from '../src/boot-id.ts'

vi.mock('node:os', async (original) => ({ ...(await original<typeof import('node:os')>()), uptime: vi.fn(() => 100) }))
afterEach(() => void vi.useRealTimers())

/** The system tells hundredths of a second, cut. */
const tell = (ms: number) => vi.mocked(uptime).mockReturnValue(Math.floor(ms / 10) / 100)

test('the uptime goes on by the clock of the process, is never ahead of the true one, and never goes back', () => {
  vi.useFakeTimers({ now: 1_000_000 })
  const startMs = performance.now()
  let before = 0
  for (const stepMs of [3, 9, 998, 1_001, 1_003, 7, 1_009, 500, 2_000, 1_004]) {
    const trueMs = () => 100_000 + performance.now() - startMs
    tell(trueMs())
    const toldMs = readUptimeMs()
    expect(toldMs).toBeLessThanOrEqual(trueMs())
    expect(toldMs).toBeGreaterThan(trueMs() - uptimeStepMs - 1)
    expect(toldMs).toBeGreaterThanOrEqual(before)
    before = toldMs
    vi.advanceTimersByTime(stepMs)
  }
  const { calls } = vi.mocked(uptime).mock
  expect(calls.length).toBeLessThan(10)
})

test('after a suspension the system is asked at once, since the clock of the process stood still', () => {
  vi.useFakeTimers({ now: 2_000_000 })
  tell(9_000_000)
  vi.advanceTimersByTime(1_000)
  expect(readUptimeMs()).toBe(9_000_000)
  tell(12_600_000)
  vi.setSystemTime(2_000_000 + 3_601_000) // moves no timer and not `performance.now`
  expect(readUptimeMs()).toBe(12_600_000)
})
