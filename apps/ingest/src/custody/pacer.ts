import { setTimeout as wait } from 'node:timers/promises'

/** Waits until so many bytes more may be read. */
export type Pace = (byteCount: number) => Promise<void>

/** How much may be read at once after a rest, in milliseconds of the rate. */
const burstMs = 1_000

/** Holds reading to a rate. Rejects when the signal is aborted. */
export function createPacer(given: {
  bytesPerSecond: number
  signal: AbortSignal
  nowMs?: () => number
  waitMs?: (ms: number) => Promise<unknown>
}): Pace {
  const nowMs = given.nowMs ?? (() => performance.now())
  const waitMs = given.waitMs ?? ((ms: number) => wait(ms, undefined, { signal: given.signal }))
  let paidUntilMs = Number.NEGATIVE_INFINITY
  return async (byteCount) => {
    given.signal.throwIfAborted()
    paidUntilMs = Math.max(paidUntilMs, nowMs() - burstMs) + (byteCount / given.bytesPerSecond) * 1_000
    const aheadMs = paidUntilMs - nowMs()
    if (aheadMs > 0) await waitMs(aheadMs)
  }
}
