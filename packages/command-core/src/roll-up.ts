import { type ExecutionState, executionStates } from '@rushes/protocol'
import { isOpen } from './is-open.ts'

export type RollUp = {
  deviceCount: number
  openCount: number
  succeededCount: number
  /** Ended in any other way than by success. */
  unsuccessfulCount: number
  /** Nothing more will come of the command. */
  isSettled: boolean
  /** Every state, also those that none is in. */
  counts: Record<ExecutionState, number>
}

/** Where a command stands over all its devices. */
export function rollUp(counted: Partial<Record<ExecutionState, number>>): RollUp {
  const counts = perState((state) => counted[state] ?? 0)
  const sum = (states: readonly ExecutionState[]) => states.reduce((total, state) => total + counts[state], 0)
  const openCount = sum(executionStates.filter((kind) => isOpen({ kind })))
  const deviceCount = sum(executionStates)
  return {
    deviceCount,
    openCount,
    succeededCount: counts.succeeded,
    unsuccessfulCount: deviceCount - openCount - counts.succeeded,
    isSettled: deviceCount > 0 && openCount === 0,
    counts,
  }
}

/** Has every state as a key, because it is made from the list of them. */
function perState<Value>(value: (state: ExecutionState) => Value): Record<ExecutionState, Value> {
  return Object.fromEntries(executionStates.map((state) => [state, value(state)])) as Record<ExecutionState, Value>
}
