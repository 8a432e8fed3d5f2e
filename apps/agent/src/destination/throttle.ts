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
const minGrantBytes = 1_024
/** A timer that comes late is made up for by this much and no more, so that a pause does not become a burst. */
const makeUpMs = 150

/**
 * Spaces grants so that the limit is kept over any few seconds: with both times above, what leaves in five of them is at most 4 % more than
 * the limit, and a timer that comes late costs nothing.
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
      const grantBytes = Math.max(minGrantBytes, Math.floor((bytesPerSecond * grantMs) / 1_000))
      const bytes = Math.min(wantedBytes, grantBytes)
      const nowMs = monotonicMs()
      const atMs = Math.max(nextAtMs, nowMs - makeUpMs)
      nextAtMs = atMs + (bytes / bytesPerSecond) * 1_000
      if (atMs > nowMs) await wait(atMs - nowMs, signal)
      return bytes
    },
  }
}
