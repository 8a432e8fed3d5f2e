import type { Execution } from './execution.ts'

/**
 * Which frames give an execution to a device, in their order. One that was called off after it had been handed over needs both:
 * a device that never saw it puts the cancel on record and then does nothing, one that was cut off in the middle finishes it,
 * and one that has an answer says it again. So the server learns the truth in each case.
 */
export function framesToHandOver(execution: Execution, isCalledOff: boolean): ('cancelCommand' | 'command')[] {
  if (!isCalledOff) return ['command']
  return execution.state.kind === 'queued' ? [] : ['cancelCommand', 'command']
}
