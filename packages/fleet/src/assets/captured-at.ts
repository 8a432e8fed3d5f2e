/** A device that sends whole seconds has rounded the age of the clip, by half a second either way. */
const roundingMs = 500
/** The time that the request was on its way makes the capture look later than it was. */
const transitMs = 500

/**
 * When a clip was captured, by the age that its device sent. A negative age, of a device whose clock runs ahead, counts as
 * now, so that a fast clock cannot dodge a pause.
 */
export function capturedAt(offsetSeconds: number, now: Date): Date {
  return new Date(now.getTime() - Math.max(0, offsetSeconds) * 1000)
}

/**
 * The instants that a clip may have been captured at, earliest and latest: it is blocked if any of them lies in a pause.
 * An age of zero or less means "just now" and is taken as it is, so that the first clip after a pause goes up. What was begun
 * a second after a pause is never blocked.
 */
export function captureRange(offsetSeconds: number, now: Date): { from: Date; to: Date } {
  const at = capturedAt(offsetSeconds, now)
  if (offsetSeconds <= 0) return { from: at, to: at }
  const rounded = Number.isInteger(offsetSeconds) ? roundingMs : 0
  return { from: new Date(at.getTime() - rounded - transitMs), to: new Date(at.getTime() + rounded) }
}
