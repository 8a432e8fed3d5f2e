import { uptime } from 'node:os'
import { afterEach, expect, test, vi } from 'vitest'
import { readUptimeMs } from '../src/boot-id.ts'

vi.mock('node:os', async (original) => ({ ...(await original<typeof import('node:os')>()), uptime: vi.fn(() => 100) }))
afterEach(() => void vi.useRealTimers())

test('the system is not asked twice within the time that it can tell apart', () => {
  vi.useFakeTimers({ now: 1_000_000 })
  vi.mocked(uptime).mockReturnValue(100)
  expect(readUptimeMs()).toBe(100_000)
  vi.mocked(uptime).mockReturnValue(100.01)
  vi.advanceTimersByTime(9)
  expect(readUptimeMs()).toBe(100_000)
  vi.advanceTimersByTime(1)
  expect(readUptimeMs()).toBe(100_010)
})

test('after a suspension it is asked at once, although the clock of the process stood still', () => {
  vi.useFakeTimers({ now: 2_000_000 })
  vi.advanceTimersByTime(1_000)
  vi.mocked(uptime).mockReturnValue(200)
  expect(readUptimeMs()).toBe(200_000)
  vi.mocked(uptime).mockReturnValue(3_800)
  vi.setSystemTime(2_000_000 + 3_601_000) // moves no timer and not `performance.now`
  expect(readUptimeMs()).toBe(3_800_000)
})
