/** What the clocks of a device show at one moment. */
export type ClockReading = {
  /** Milliseconds since 1970 by the clock that people and time servers set. */
  wallMs: number
  /** Milliseconds since the boot, suspension included; nobody can set them. */
  uptimeMs: number
  bootId: string
}

/** A moment by the clock that nobody sets. */
export type BootInstant = Pick<ClockReading, 'bootId' | 'uptimeMs'>

/** `at`: milliseconds since 1970 by the wall clock of its time; `inBoot`: the same moment, where it lies in a boot that is known. */
export type Moment = { at: number; inBoot: BootInstant | null }

/** The start of a capture. */
export type Capture = Moment

/** Further than this the wall clock does not run off by itself within a recording. */
const setByMs = 2_000

/**
 * The moment of the present boot at which the wall clock showed `at`, if it was not set since; null for one before the boot, or to come.
 * To be asked while that is still so: when a file is first seen, not when it is sent.
 */
export function bootInstantOf(at: number, now: ClockReading): BootInstant | null {
  const uptimeMs = now.uptimeMs - (now.wallMs - at)
  return uptimeMs >= 0 && uptimeMs <= now.uptimeMs ? { bootId: now.bootId, uptimeMs } : null
}

/**
 * The earlier of what was noted when the file was first seen and what it tells of itself when it rests. Where the clock was set in between
 * the two cannot be compared, and what was noted stands.
 */
export function earlierCapture(noted: Capture, told: Capture, now: ClockReading): Capture {
  return wasSetSince(noted, now) || noted.at <= told.at ? noted : told
}

function wasSetSince({ at, inBoot }: Capture, now: ClockReading): boolean {
  if (inBoot?.bootId !== now.bootId) return false
  return Math.abs(at - inBoot.uptimeMs - (now.wallMs - now.uptimeMs)) > setByMs
}

/**
 * Capture and now on one clock, the most steady one that knows both: within one boot its uptime; across boots the server's time, where it
 * was heard in both (`serverAtBoot`: what the server's clock showed when that boot began, null where unknown); else the wall clock.
 */
export function onOneClock(
  capture: Capture | null,
  now: ClockReading,
  serverAtBoot: (bootId: string) => number | null,
): { capturedAt: number | null; now: number } {
  if (capture === null) return { capturedAt: null, now: now.wallMs }
  const { at, inBoot } = capture
  if (inBoot === null) return { capturedAt: at, now: now.wallMs }
  if (inBoot.bootId === now.bootId) return { capturedAt: inBoot.uptimeMs, now: now.uptimeMs }
  const before = serverAtBoot(inBoot.bootId)
  const present = serverAtBoot(now.bootId)
  return before === null || present === null
    ? { capturedAt: at, now: now.wallMs }
    : { capturedAt: before + inBoot.uptimeMs, now: present + now.uptimeMs }
}

/**
 * Whether a capture is known to have begun at `mark` or later. What this device saw itself (`isWitnessed`) is told by the clock that nobody
 * sets. What only a file's own time tells may be by any clock: by that of this device as it was at the mark or as it is now, or by a right
 * one. It has to be later by each of them that is known.
 */
export function isKnownSince(
  mark: Moment,
  capture: Capture & { isWitnessed: boolean },
  now: ClockReading,
  serverAtBoot: (bootId: string) => number | null,
): boolean {
  if (capture.isWitnessed && capture.inBoot !== null && mark.inBoot !== null) {
    if (capture.inBoot.bootId === mark.inBoot.bootId) return capture.inBoot.uptimeMs >= mark.inBoot.uptimeMs
    // Both were noted in the boot of their time, so that of this boot is the later one.
    if (capture.inBoot.bootId === now.bootId) return true
    if (mark.inBoot.bootId === now.bootId) return false
  }
  return capture.at >= Math.max(...readingsOf(mark, now, serverAtBoot))
}

/** What clocks show, or would have shown, at a moment: this device's as it went then, the server's, and this device's as it goes now. */
function readingsOf(
  { at, inBoot }: Moment,
  now: ClockReading,
  serverAtBoot: (bootId: string) => number | null,
): number[] {
  if (inBoot === null) return [at]
  const atBoot = serverAtBoot(inBoot.bootId)
  const byServer = atBoot === null ? null : atBoot + inBoot.uptimeMs
  if (inBoot.bootId === now.bootId) {
    const asItGoes = now.wallMs - (now.uptimeMs - inBoot.uptimeMs)
    return byServer === null ? [at, asItGoes] : [at, asItGoes, byServer]
  }
  if (byServer === null) return [at]
  const present = serverAtBoot(now.bootId)
  return present === null ? [at, byServer] : [at, byServer, byServer + now.wallMs - (present + now.uptimeMs)]
}

/**
 * A moment of this boot that the server tells by its own clock, no earlier than it was; null where the server was not heard in this boot.
 */
export function momentByServer(serverMs: number, now: ClockReading, serverAtBoot: number | null): Moment | null {
  if (serverAtBoot === null) return null
  const uptimeMs = serverMs - serverAtBoot
  return { at: now.wallMs - (now.uptimeMs - uptimeMs), inBoot: { bootId: now.bootId, uptimeMs } }
}

/** A reply that says less than this later is no better knowledge. */
const betterByMs = 250
/** A server that is this far back was set itself. */
const serverSetByMs = 60_000

/**
 * What the server's clock showed when the boot began, after a reply: `told` is the reply's date less the uptime when it came. Dates are
 * cut to seconds and replies take their time, so an estimate is only ever too early, and the latest is the best.
 */
export function betterServerAtBoot(known: number | null, told: number): number {
  if (known === null) return told
  return told > known + betterByMs || told < known - serverSetByMs ? told : known
}
