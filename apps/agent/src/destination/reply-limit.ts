import { lastResortMs } from './last-resort.ts'

/** What a slow disk at the destination still writes after the last byte has come. */
const storedBytesPerMs = 20_000

/**
 * How long the reply to a part may take once its last byte is gone, in milliseconds: the limit for a stall, and besides what a slow disk needs
 * to make so many bytes durable, or a proxy that takes bodies whole to pass this one on as slowly as it came. Half an hour at most: sending a
 * gigabyte again costs more than waiting for it, but not more than that.
 */
export function replyLimitMs(part: { sizeBytes: number; elapsedMs: number; stallMs: number }): number {
  const { sizeBytes, elapsedMs, stallMs } = part
  return Math.max(stallMs, Math.min(stallMs + Math.max(sizeBytes / storedBytesPerMs, elapsedMs), lastResortMs))
}
