import type { Execution, ExecutionPhase } from '@rushes/command-core'
import type { commandExecutions } from '@rushes/db'

export type StoredExecution = typeof commandExecutions.$inferSelect

/** A stored execution as `command-core` sees it. */
export function toExecution(stored: StoredExecution): Execution {
  return {
    version: stored.version,
    expiresAtMs: stored.expiresAt?.getTime() ?? null,
    state: toPhase(stored),
  }
}

function toPhase(stored: StoredExecution): ExecutionPhase {
  const finalizedAtMs = msOf(stored.finalizedAt)
  switch (stored.state) {
    case 'queued':
      return { kind: 'queued' }
    case 'delivered': {
      const { deliveredEpoch, deliveryCount } = stored
      return {
        kind: 'delivered',
        deliveredAtMs: msOf(stored.deliveredAt),
        deliveredEpoch: deliveredEpoch ?? 0,
        deliveryCount,
      }
    }
    case 'acknowledged':
      return { kind: 'acknowledged', acknowledgedAtMs: msOf(stored.acknowledgedAt) }
    case 'running': {
      const { step, percent } = stored
      return {
        kind: 'running',
        startedAtMs: msOf(stored.startedAt),
        heardAtMs: stored.updatedAt.getTime(),
        step,
        percent,
      }
    }
    case 'succeeded':
      if (stored.result === null) throw new Error(`execution ${stored.id} succeeded without a result`)
      return { kind: 'succeeded', finalizedAtMs, result: stored.result }
    case 'failed':
    case 'rejected':
      return {
        kind: stored.state,
        finalizedAtMs,
        error: { code: stored.errorCode ?? 'unknown', message: stored.errorMessage ?? '' },
      }
    case 'timedOut':
    case 'expired':
    case 'cancelled':
    case 'superseded':
      return { kind: stored.state, finalizedAtMs, lateResult: stored.result }
  }
}

/** The CHECK constraints of the table see to it that a state has the instants that belong to it. */
const msOf = (at: Date | null): number => at?.getTime() ?? 0

/** What a state writes of itself. What earlier states wrote stays, so that a row tells its whole story. */
export function columnsOf(state: ExecutionPhase): Partial<StoredExecution> {
  switch (state.kind) {
    case 'queued':
      return { state: 'queued' }
    case 'delivered':
      return {
        state: 'delivered',
        deliveredAt: new Date(state.deliveredAtMs),
        deliveredEpoch: state.deliveredEpoch,
        deliveryCount: state.deliveryCount,
      }
    case 'acknowledged':
      return { state: 'acknowledged', acknowledgedAt: new Date(state.acknowledgedAtMs) }
    case 'running': {
      const startedAt = new Date(state.startedAtMs)
      return { state: 'running', startedAt, step: state.step, percent: state.percent }
    }
    case 'succeeded':
      return { state: 'succeeded', finalizedAt: new Date(state.finalizedAtMs), result: state.result }
    case 'failed':
    case 'rejected':
      return {
        state: state.kind,
        finalizedAt: new Date(state.finalizedAtMs),
        errorCode: state.error.code,
        errorMessage: state.error.message,
      }
    case 'timedOut':
    case 'expired':
    case 'cancelled':
    case 'superseded':
      return { state: state.kind, finalizedAt: new Date(state.finalizedAtMs), result: state.lateResult }
  }
}
