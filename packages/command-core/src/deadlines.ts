import type { Execution, ExecutionEvent } from './execution.ts'

/**
 * How long a device that is connected may leave an execution unanswered. These bounds are what keeps a lane from being
 * blocked for ever: whatever stands at its head ends.
 */
export const answerDeadlines = {
  /** From handing it over on the connection that is still open to the device's first word about it. */
  acknowledgeWithinMs: 120_000,
  /** From the acknowledgement to the beginning: it may wait behind others of its lane. */
  beginWithinMs: 1_800_000,
  /** Between two words about a running one. */
  progressWithinMs: 1_800_000,
} as const

/** How a device is reached at this moment; the epoch of its open connection. */
export type Reach = { kind: 'offline' } | { kind: 'connected'; epoch: number; sinceMs: number }

/**
 * What time has made of an open execution, if anything. A device that is away is given until the command expires, and for ever
 * where it does not; its silence is no answer.
 */
export function dueEvent(
  execution: Execution,
  reach: Reach,
  { nowMs }: { nowMs: number },
): Extract<ExecutionEvent, { kind: 'expiryPassed' | 'answerOverdue' }> | null {
  const { state, expiresAtMs } = execution
  const hasExpired = expiresAtMs !== null && nowMs >= expiresAtMs
  switch (state.kind) {
    case 'queued':
      return hasExpired ? { kind: 'expiryPassed' } : null
    case 'delivered':
      // On the connection that it was given to, the device itself says whether it was in time.
      if (reach.kind === 'connected' && reach.epoch === state.deliveredEpoch) {
        return nowMs - state.deliveredAtMs >= answerDeadlines.acknowledgeWithinMs ? { kind: 'answerOverdue' } : null
      }
      return hasExpired && reach.kind === 'offline' ? { kind: 'expiryPassed' } : null
    case 'acknowledged':
      return silentFor(reach, state.acknowledgedAtMs, nowMs) >= answerDeadlines.beginWithinMs
        ? { kind: 'answerOverdue' }
        : null
    case 'running':
      return silentFor(reach, state.heardAtMs, nowMs) >= answerDeadlines.progressWithinMs
        ? { kind: 'answerOverdue' }
        : null
    case 'succeeded':
    case 'failed':
    case 'rejected':
    case 'timedOut':
    case 'expired':
    case 'cancelled':
    case 'superseded':
      return null
  }
}

/** Silence counts only while the device could have spoken: since its word, or since it connected, whichever is later. */
function silentFor(reach: Reach, heardAtMs: number, nowMs: number): number {
  return reach.kind === 'offline' ? 0 : nowMs - Math.max(heardAtMs, reach.sinceMs)
}
