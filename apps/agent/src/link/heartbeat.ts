import type { LinkClock } from './link-clock.ts'

/** A gateway that asks for rarer pings than this gets them as often all the same: silence has to be noticed within 25 s. */
const maxPingEveryMs = 10_000
const minPingEveryMs = 1_000
/**
 * Half beats in a row without a word after which the other side counts as gone. With the one in which it spoke last, that is at
 * most two and a half times the ping interval.
 */
const maxSilentHalfBeats = 4

export type Heartbeat = { heard(): void; stop(): void }

/**
 * Pings, and tells once when nothing at all has come back for long. Counts beats instead of comparing instants: after the machine
 * was suspended or the process was stopped, what already lies in the socket is read before another beat is counted.
 */
export function startHeartbeat(options: {
  clock: LinkClock
  pingEveryMs: number
  ping: () => void
  silent: () => void
}): Heartbeat {
  const { clock, ping, silent } = options
  const halfBeatMs = Math.min(Math.max(options.pingEveryMs, minPingEveryMs), maxPingEveryMs) / 2
  let silentHalfBeats = 0
  let halfBeats = 0
  let hasHeard = true
  let cancel = clock.schedule(beat, halfBeatMs)

  function beat() {
    silentHalfBeats = hasHeard ? 0 : silentHalfBeats + 1
    hasHeard = false
    if (silentHalfBeats >= maxSilentHalfBeats) return silent()
    halfBeats += 1
    if (halfBeats % 2 === 0) ping()
    cancel = clock.schedule(beat, halfBeatMs)
  }

  return {
    heard: () => {
      hasHeard = true
    },
    stop: () => cancel(),
  }
}
