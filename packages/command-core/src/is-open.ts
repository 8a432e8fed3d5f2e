import { type ExecutionState, finalExecutionStates } from '@rushes/protocol'

const finalStates: ReadonlySet<ExecutionState> = new Set(finalExecutionStates)

/** Whether something may still come of it. */
export const isOpen = (state: { kind: ExecutionState }): boolean => !finalStates.has(state.kind)
