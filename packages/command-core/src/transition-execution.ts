import type { Execution, ExecutionEffect, ExecutionEvent, ExecutionOutcome, ExecutionPhase } from './execution.ts'

/**
 * What an event makes of an execution. States only move forward, whatever is lost, repeated or out of order; a final one
 * is never left. Total: every event has an answer in every state (SPEC.md has the table, the test demands each cell).
 */
export function transitionExecution(
  execution: Execution,
  event: ExecutionEvent,
  { nowMs }: { nowMs: number },
): ExecutionOutcome {
  const { state } = execution
  switch (state.kind) {
    case 'queued':
    case 'delivered':
    case 'acknowledged':
    case 'running':
      return fromOpen(execution, state, event, nowMs)
    case 'succeeded':
    case 'failed':
    case 'rejected':
      return unchanged('tooLate', isFinalAnswer(event) ? ['confirmOutcome'] : [])
    case 'timedOut':
    case 'expired':
    case 'cancelled':
    case 'superseded':
      return fromGivenUp(execution, state, event)
  }
}

/** The server's part of it is over, and then the device says that it was carried out after all: kept, for the operator to see. */
function fromGivenUp(
  execution: Execution,
  state: Extract<ExecutionPhase, { lateResult: unknown }>,
  event: ExecutionEvent,
): ExecutionOutcome {
  if (!isFinalAnswer(event)) return unchanged('tooLate', [])
  if (event.kind !== 'succeeded' || state.lateResult !== null) return unchanged('tooLate', ['confirmOutcome'])
  return moved(execution, { ...state, lateResult: event.result }, ['confirmOutcome'])
}

type OpenPhase = Extract<ExecutionPhase, { kind: 'queued' | 'delivered' | 'acknowledged' | 'running' }>

function fromOpen(execution: Execution, state: OpenPhase, event: ExecutionEvent, nowMs: number): ExecutionOutcome {
  switch (event.kind) {
    case 'handedOver':
      // Given again after a reconnect; what the device has said since stands.
      if (state.kind === 'acknowledged' || state.kind === 'running') return unchanged('repeated', [])
      return moved(execution, {
        kind: 'delivered',
        deliveredAtMs: nowMs,
        deliveredEpoch: event.epoch,
        deliveryCount: state.kind === 'delivered' ? state.deliveryCount + 1 : 1,
      })
    case 'acknowledged':
      if (state.kind === 'acknowledged') return unchanged('repeated', [])
      if (state.kind === 'running') return unchanged('tooLate', [])
      return moved(execution, { kind: 'acknowledged', acknowledgedAtMs: nowMs })
    case 'progressed':
      return moved(execution, {
        kind: 'running',
        startedAtMs: state.kind === 'running' ? state.startedAtMs : nowMs,
        heardAtMs: nowMs,
        step: event.step,
        percent: event.percent,
      })
    case 'succeeded':
      return moved(execution, { kind: 'succeeded', finalizedAtMs: nowMs, result: event.result }, ['confirmOutcome'])
    case 'failed':
    case 'rejected':
      return moved(execution, { kind: event.kind, finalizedAtMs: nowMs, error: event.error }, ['confirmOutcome'])
    case 'expiredOnDevice':
      return moved(execution, givenUp('expired', nowMs), ['confirmOutcome'])
    case 'cancelledOnDevice':
      return moved(execution, givenUp('cancelled', nowMs), ['confirmOutcome'])
    case 'calledOff':
      return state.kind === 'queued'
        ? moved(execution, givenUp('cancelled', nowMs))
        : unchanged('notPossible', ['tellDeviceToCancel'])
    case 'expiryPassed':
      return expire(execution, state, nowMs)
    case 'answerOverdue':
    case 'storeLost':
      // Never handed over, so the device owes nothing.
      return state.kind === 'queued' ? unchanged('notPossible', []) : moved(execution, givenUp('timedOut', nowMs))
    case 'overtaken':
      // Also where the device has begun: given again after a restart, it would strike the new project's queue.
      return moved(execution, givenUp('superseded', nowMs), state.kind === 'queued' ? [] : ['tellDeviceToCancel'])
  }
}

function expire(execution: Execution, state: OpenPhase, nowMs: number): ExecutionOutcome {
  if (execution.expiresAtMs === null || nowMs < execution.expiresAtMs) return unchanged('notPossible', [])
  switch (state.kind) {
    case 'queued':
      return moved(execution, givenUp('expired', nowMs))
    case 'delivered':
      // "Expired" says that it did not run. That is not known here.
      return moved(execution, givenUp('timedOut', nowMs))
    case 'acknowledged':
    case 'running':
      // It may have begun in time: the device will say.
      return unchanged('notPossible', [])
  }
}

const givenUp = (kind: 'timedOut' | 'expired' | 'cancelled' | 'superseded', nowMs: number): ExecutionPhase => ({
  kind,
  finalizedAtMs: nowMs,
  lateResult: null,
})

const moved = (execution: Execution, state: ExecutionPhase, effects: ExecutionEffect[] = []): ExecutionOutcome => ({
  kind: 'moved',
  execution: { ...execution, version: execution.version + 1, state },
  effects,
})

const unchanged = (
  because: Extract<ExecutionOutcome, { kind: 'unchanged' }>['because'],
  effects: ExecutionEffect[],
): ExecutionOutcome => ({ kind: 'unchanged', because, effects })

/** The answers that a device repeats until it is told that they are kept. */
function isFinalAnswer(event: ExecutionEvent): boolean {
  switch (event.kind) {
    case 'succeeded':
    case 'failed':
    case 'rejected':
    case 'expiredOnDevice':
    case 'cancelledOnDevice':
      return true
    case 'handedOver':
    case 'acknowledged':
    case 'progressed':
    case 'calledOff':
    case 'expiryPassed':
    case 'answerOverdue':
    case 'storeLost':
    case 'overtaken':
      return false
  }
}
