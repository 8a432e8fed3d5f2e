/**
 * The `offset` of a create: whole seconds between the start of capture and now, never negative.
 *
 * Must be computed anew for every attempt: the destination compares `its now − offset` with its pause windows, and an old offset
 * would slide out of the window in which the clip was captured. Both by one clock (`onOneClock`); a capture in the future counts as now.
 */
export function offsetSeconds(capturedAtMs: number | null, nowMs: number): number {
  if (capturedAtMs === null || !Number.isFinite(capturedAtMs)) return 0
  return Math.max(0, Math.round((nowMs - capturedAtMs) / 1000))
}
