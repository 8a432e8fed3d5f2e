/** Why the next attempt is due, as far as that decides when. `failures`: unsuccessful attempts in a row, from 1. */
export type ReconnectAfter =
  /** An attempt, or a session too short to count as healthy, came to nothing. */
  | { kind: 'failure'; failures: number; atLeastMs: number }
  /** A healthy session ended and nobody said when to come back: thousands of others may have lost theirs at this moment. */
  | { kind: 'healthySession' }
  /** The gateway drew this device's delay. */
  | { kind: 'named'; delayMs: number }
  /** The gateway won't have this device as it is; that heals only by somebody's doing. */
  | { kind: 'refused'; failures: number; atLeastMs: number }
  /** Another connection with this identity took over: to come back at once would end that one, and so on for ever. */
  | { kind: 'superseded'; atLeastMs: number }

export const reconnectDelays = {
  firstFailureMs: 1_000,
  maxFailureMs: 300_000,
  healthySpreadMs: 30_000,
  firstRefusalMs: 60_000,
  supersededMs: 300_000,
  /** A gateway that names more is not believed. */
  maxNamedMs: 3_600_000,
} as const

/** Milliseconds until the next attempt. `random` is in [0, 1). */
export function reconnectDelayMs(after: ReconnectAfter, random: number): number {
  switch (after.kind) {
    case 'failure':
      return Math.max(named(after.atLeastMs), random * doubled(reconnectDelays.firstFailureMs, after.failures))
    case 'healthySession':
      return random * reconnectDelays.healthySpreadMs
    case 'named':
      return named(after.delayMs)
    case 'refused':
      // Never at once: half of it is certain, the other half spreads.
      return Math.max(
        named(after.atLeastMs),
        ((1 + random) / 2) * doubled(reconnectDelays.firstRefusalMs, after.failures),
      )
    case 'superseded':
      return Math.max(named(after.atLeastMs), (1 + random) * reconnectDelays.supersededMs)
  }
}

const named = (delayMs: number) => Math.min(Math.max(delayMs, 0), reconnectDelays.maxNamedMs)

/** The exponent is bounded before it is used: after weeks without a network the count of failures has no limit. */
const doubled = (firstMs: number, failures: number) =>
  Math.min(reconnectDelays.maxFailureMs, firstMs * 2 ** Math.min(Math.max(failures - 1, 0), 20))
