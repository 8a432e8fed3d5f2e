import { sleep } from '../sleep.ts'

/** Shares one limit among all parts on their way. */
export type Throttle = {
  isLimited(): boolean
  /** Resolves when some of the wanted bytes may leave, with how many; with all at once where nothing limits them, or when the signal aborts. */
  grant(wantedBytes: number, signal: AbortSignal): Promise<number>
}

export type ThrottleOptions = {
  /** Bytes per second that may leave at this moment; null: no limit. */
  limit(): number | null
  monotonicMs?(): number
  wait?(durationMs: number, signal: AbortSignal): Promise<void>
}

/** A grant is what may leave in this time: short enough that several parts share evenly, long enough that few are needed. */
const grantMs = 50
/** Smaller pieces are half overhead: at a small limit a grant takes longer, but not so long that the limit would be passed for it. */
const worthwhileBytes = 1_024
const longestGrantMs = 90
/** A timer that comes late is made up for by this much and no more, so that a pause does not become a burst. */
const makeUpMs = 150

/**
 * Spaces grants so that the limit is kept over any few seconds: with the longest grant and what is made up for, what leaves in five of them is at
 * most 4.8 % more than the limit, and a timer that comes late costs nothing.
 */
export function createThrottle({
  limit,
  monotonicMs = () => performance.now(),
  wait = sleep,
}: ThrottleOptions): Throttle {
  let nextAtMs = Number.NEGATIVE_INFINITY
  return {
    isLimited: () => limit() !== null,
    async grant(wantedBytes, signal) {
      const bytesPerSecond = limit()
      if (bytesPerSecond === null) return wantedBytes
      const bytes = Math.min(wantedBytes, grantBytesAt(bytesPerSecond))
      const nowMs = monotonicMs()
      const atMs = Math.max(nextAtMs, nowMs - makeUpMs)
      nextAtMs = atMs + (bytes / bytesPerSecond) * 1_000
      if (atMs > nowMs) await wait(atMs - nowMs, signal)
      return bytes
    },
  }
}

function grantBytesAt(bytesPerSecond: number): number {
  const inMs = (durationMs: number) => Math.floor((bytesPerSecond * durationMs) / 1_000)
  return Math.max(1, inMs(grantMs), Math.min(worthwhileBytes, inMs(longestGrantMs)))
}
