import type { CommandResult } from '@rushes/protocol'
import type { Execution, ExecutionEvent, ExecutionPhase } from '../src/index.ts'

export const result: CommandResult = { fileCount: 3, byteCount: 42, idsXxh64: null, summary: '3 files' }
const error = { code: 'busy', message: 'the device is busy' }

/** One of each state, entered at 1,000 and expiring at 5,000. */
export const phases: { [Kind in ExecutionPhase['kind']]: Extract<ExecutionPhase, { kind: Kind }> } = {
  queued: { kind: 'queued' },
  delivered: { kind: 'delivered', deliveredAtMs: 1_000, deliveredEpoch: 7, deliveryCount: 1 },
  acknowledged: { kind: 'acknowledged', acknowledgedAtMs: 1_000 },
  running: { kind: 'running', startedAtMs: 1_000, heardAtMs: 1_000, step: 'clearing', percent: 40 },
  succeeded: { kind: 'succeeded', finalizedAtMs: 1_000, result },
  failed: { kind: 'failed', finalizedAtMs: 1_000, error },
  rejected: { kind: 'rejected', finalizedAtMs: 1_000, error },
  timedOut: { kind: 'timedOut', finalizedAtMs: 1_000, lateResult: null },
  expired: { kind: 'expired', finalizedAtMs: 1_000, lateResult: null },
  cancelled: { kind: 'cancelled', finalizedAtMs: 1_000, lateResult: null },
  superseded: { kind: 'superseded', finalizedAtMs: 1_000, lateResult: null },
}

export const events: { [Kind in ExecutionEvent['kind']]: Extract<ExecutionEvent, { kind: Kind }> } = {
  handedOver: { kind: 'handedOver', epoch: 8 },
  acknowledged: { kind: 'acknowledged' },
  progressed: { kind: 'progressed', step: 'clearing', percent: 50 },
  succeeded: { kind: 'succeeded', result },
  failed: { kind: 'failed', error },
  rejected: { kind: 'rejected', error },
  expiredOnDevice: { kind: 'expiredOnDevice' },
  cancelledOnDevice: { kind: 'cancelledOnDevice' },
  calledOff: { kind: 'calledOff' },
  expiryPassed: { kind: 'expiryPassed' },
  answerOverdue: { kind: 'answerOverdue' },
  storeLost: { kind: 'storeLost' },
  overtaken: { kind: 'overtaken' },
}

export const executionIn = (state: ExecutionPhase): Execution => ({ version: 4, expiresAtMs: 5_000, state })
