import { executionStates } from '@rushes/protocol'
import { describe, expect, test } from 'vitest'
import { type ExecutionEvent, type ExecutionPhase, isOpen, transitionExecution } from '../src/index.ts'
import { events, executionIn, phases, result } from './execution-fixtures.ts'

/** The state that the event leads to, or why it changes nothing; `!` asks for the confirmation, `?` for telling the device to cancel. */
type Cell =
  | ExecutionPhase['kind']
  | `${ExecutionPhase['kind']} !`
  | `${ExecutionPhase['kind']} ?`
  | `- ${'repeated' | 'tooLate' | 'notPossible'}${'' | ' !' | ' ?'}`

// Total: a new state or event does not compile until each of its cells is decided. All events happen past the expiry.
const table: Record<ExecutionPhase['kind'], Record<ExecutionEvent['kind'], Cell>> = {
  queued: {
    handedOver: 'delivered',
    acknowledged: 'acknowledged',
    progressed: 'running',
    succeeded: 'succeeded !',
    failed: 'failed !',
    rejected: 'rejected !',
    expiredOnDevice: 'expired !',
    cancelledOnDevice: 'cancelled !',
    calledOff: 'cancelled',
    expiryPassed: 'expired',
    answerOverdue: '- notPossible',
    storeLost: '- notPossible',
    overtaken: 'superseded',
  },
  delivered: {
    handedOver: 'delivered',
    acknowledged: 'acknowledged',
    progressed: 'running',
    succeeded: 'succeeded !',
    failed: 'failed !',
    rejected: 'rejected !',
    expiredOnDevice: 'expired !',
    cancelledOnDevice: 'cancelled !',
    calledOff: '- notPossible ?',
    expiryPassed: 'timedOut',
    answerOverdue: 'timedOut',
    storeLost: 'timedOut',
    overtaken: 'superseded ?',
  },
  acknowledged: {
    handedOver: '- repeated',
    acknowledged: '- repeated',
    progressed: 'running',
    succeeded: 'succeeded !',
    failed: 'failed !',
    rejected: 'rejected !',
    expiredOnDevice: 'expired !',
    cancelledOnDevice: 'cancelled !',
    calledOff: '- notPossible ?',
    expiryPassed: '- notPossible',
    answerOverdue: 'timedOut',
    storeLost: 'timedOut',
    overtaken: 'superseded ?',
  },
  running: {
    handedOver: '- repeated',
    acknowledged: '- tooLate',
    progressed: 'running',
    succeeded: 'succeeded !',
    failed: 'failed !',
    rejected: 'rejected !',
    expiredOnDevice: 'expired !',
    cancelledOnDevice: 'cancelled !',
    calledOff: '- notPossible ?',
    expiryPassed: '- notPossible',
    answerOverdue: 'timedOut',
    storeLost: 'timedOut',
    overtaken: 'superseded ?',
  },
  succeeded: finalRow('- tooLate !'),
  failed: finalRow('- tooLate !'),
  rejected: finalRow('- tooLate !'),
  timedOut: finalRow('timedOut !'),
  expired: finalRow('expired !'),
  cancelled: finalRow('cancelled !'),
  superseded: finalRow('superseded !'),
}

/** A final state is never left; a success that comes after the server gave up is kept beside it. */
function finalRow(succeeded: Cell): Record<ExecutionEvent['kind'], Cell> {
  return {
    handedOver: '- tooLate',
    acknowledged: '- tooLate',
    progressed: '- tooLate',
    succeeded,
    failed: '- tooLate !',
    rejected: '- tooLate !',
    expiredOnDevice: '- tooLate !',
    cancelledOnDevice: '- tooLate !',
    calledOff: '- tooLate',
    expiryPassed: '- tooLate',
    answerOverdue: '- tooLate',
    storeLost: '- tooLate',
    overtaken: '- tooLate',
  }
}

function cellOf(from: ExecutionPhase, event: ExecutionEvent): string {
  const outcome = transitionExecution(executionIn(from), event, { nowMs: 9_000 })
  const mark = { confirmOutcome: ' !', tellDeviceToCancel: ' ?' }
  const marks = outcome.effects.map((effect) => mark[effect]).join('')
  return outcome.kind === 'moved' ? `${outcome.execution.state.kind}${marks}` : `- ${outcome.because}${marks}`
}

describe.each(executionStates)('from %s', (from) => {
  test.each(Object.values(events))('$kind', (event) => {
    expect(cellOf(phases[from], event)).toBe(table[from][event.kind])
  })

  test('the version grows by one when it changes, and the expiry stays', () => {
    for (const event of Object.values(events)) {
      const outcome = transitionExecution(executionIn(phases[from]), event, { nowMs: 9_000 })
      if (outcome.kind === 'moved') expect(outcome.execution).toMatchObject({ version: 5, expiresAtMs: 5_000 })
    }
  })
})

test('the states that this package calls open are those that the table can leave', () => {
  const open = executionStates.filter((kind) => isOpen({ kind }))
  expect(open).toEqual(['queued', 'delivered', 'acknowledged', 'running'])
})

test('before its expiry nothing expires, nor without one', () => {
  for (const kind of ['queued', 'delivered'] as const) {
    const execution = executionIn(phases[kind])
    expect(transitionExecution(execution, { kind: 'expiryPassed' }, { nowMs: 4_999 }).kind).toBe('unchanged')
    const lasting = { ...execution, expiresAtMs: null }
    expect(transitionExecution(lasting, { kind: 'expiryPassed' }, { nowMs: 9_000 }).kind).toBe('unchanged')
  }
})

test('given again after a reconnect, it counts the deliveries and names the newest connection', () => {
  const outcome = transitionExecution(executionIn(phases.delivered), events.handedOver, { nowMs: 9_000 })
  expect(outcome).toMatchObject({
    execution: { state: { kind: 'delivered', deliveredAtMs: 9_000, deliveredEpoch: 8, deliveryCount: 2 } },
  })
})

test('a running one keeps the instant at which it began', () => {
  const outcome = transitionExecution(executionIn(phases.running), events.progressed, { nowMs: 9_000 })
  expect(outcome).toMatchObject({ execution: { state: { startedAtMs: 1_000, heardAtMs: 9_000, percent: 50 } } })
})

test('the first late result is kept beside the state, a second one is not', () => {
  const first = transitionExecution(executionIn(phases.timedOut), events.succeeded, { nowMs: 9_000 })
  if (first.kind !== 'moved') throw new Error('the late result was not kept')
  expect(first.execution.state).toMatchObject({ kind: 'timedOut', finalizedAtMs: 1_000, lateResult: result })
  const second = transitionExecution(first.execution, events.succeeded, { nowMs: 9_500 })
  expect(second).toEqual({ kind: 'unchanged', because: 'tooLate', effects: ['confirmOutcome'] })
})
