export { type CommandEvent, type CommandPhase, type CommandTransition, transitionCommand } from './command.ts'
export { answerDeadlines, dueEvent, type Reach } from './deadlines.ts'
export {
  type DeliveryDecision,
  type DeviceRecord,
  decideCancel,
  decideDelivery,
  type FinalAnswer,
} from './decide-delivery.ts'
export type {
  Execution,
  ExecutionEffect,
  ExecutionError,
  ExecutionEvent,
  ExecutionOutcome,
  ExecutionPhase,
  Lane,
} from './execution.ts'
export { isEpochReached, isOvertakenBy } from './fence.ts'
export { framesToHandOver } from './hand-over.ts'
export { isOpen } from './is-open.ts'
export { deliverable, type LanedExecution } from './lane.ts'
export { type RollUp, rollUp } from './roll-up.ts'
export { transitionExecution } from './transition-execution.ts'
