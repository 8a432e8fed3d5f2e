import type { Execution, Lane } from './execution.ts'
import { isOpen } from './is-open.ts'

export type LanedExecution = Execution & { id: string; lane: Lane; laneSeq: number }

/**
 * Which of one device's executions may be given to it now, in the order to give them: every open ordinary one, and of the
 * destructive ones the first that is not at its end. The next follows when that one is, however it ends.
 */
export function deliverable<One extends LanedExecution>(executions: readonly One[]): One[] {
  const open = executions.filter((execution) => isOpen(execution.state)).sort((a, b) => a.laneSeq - b.laneSeq)
  const head = open.find((execution) => execution.lane === 'destructive')
  return open.filter((execution) => execution.lane === 'ordinary' || execution === head)
}
