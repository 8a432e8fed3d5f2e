/** A device rounds the age of a clip to whole seconds. */
const startToleranceMs = 500
/** The same, and the time that the request was on its way: both make the capture look later than it was. */
const endToleranceMs = 2_000

/**
 * When a clip was captured, by the age that its device sent. A negative age, of a device whose clock runs ahead, counts as
 * now, so that a fast clock cannot dodge a pause.
 */
export function capturedAt(offsetSeconds: number, now: Date): Date {
  return new Date(now.getTime() - Math.max(0, offsetSeconds) * 1000)
}

/**
 * The instants that a clip may have been captured at, earliest and latest: it is blocked if any of them lies in a pause.
 * An age of zero or less means "just now" and is taken as it is, so that the first clip after a pause goes up.
 */
export function captureRange(offsetSeconds: number, now: Date): { from: Date; to: Date } {
  const at = capturedAt(offsetSeconds, now)
  if (offsetSeconds <= 0) return { from: at, to: at }
  return { from: new Date(at.getTime() - endToleranceMs), to: new Date(at.getTime() + startToleranceMs) }
}
