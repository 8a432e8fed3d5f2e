import type { CommandResult } from '@rushes/protocol'

/** Two orders of one device: destructive ones run in the order they were given, ordinary ones may overtake. */
export type Lane = 'ordinary' | 'destructive'

/** A command on one device. Each stored change of it makes the version grow by one; instants are milliseconds since 1970. */
export type Execution = {
  version: number
  /** Null: the command stays good until it is carried out or called off. */
  expiresAtMs: number | null
  state: ExecutionPhase
}

/** Where an execution stands; each state holds only what is known in it. The last seven are final. See SPEC.md. */
export type ExecutionPhase =
  /** Nobody has handed it to a device: it certainly did not run. */
  | { kind: 'queued' }
  /** It was handed to the connection of that epoch, and may have arrived. */
  | { kind: 'delivered'; deliveredAtMs: number; deliveredEpoch: number; deliveryCount: number }
  /** The device has it in its own durable store and may begin. */
  | { kind: 'acknowledged'; acknowledgedAtMs: number }
  | { kind: 'running'; startedAtMs: number; heardAtMs: number; step: string | null; percent: number | null }
  | { kind: 'succeeded'; finalizedAtMs: number; result: CommandResult }
  /** The device tried and could not. The same command, given anew, may do better. */
  | { kind: 'failed'; finalizedAtMs: number; error: ExecutionError }
  /** The device won't do it: giving it again is of no use. */
  | { kind: 'rejected'; finalizedAtMs: number; error: ExecutionError }
  /** No answer came in time; whether it ran is not known. */
  | { kind: 'timedOut'; finalizedAtMs: number; lateResult: CommandResult | null }
  /** It ran out before the device began: it certainly did not run. */
  | { kind: 'expired'; finalizedAtMs: number; lateResult: CommandResult | null }
  /** Called off before the device began. */
  | { kind: 'cancelled'; finalizedAtMs: number; lateResult: CommandResult | null }
  /** A later command made it pointless or dangerous. */
  | { kind: 'superseded'; finalizedAtMs: number; lateResult: CommandResult | null }

export type ExecutionError = { code: string; message: string }

export type ExecutionEvent =
  /** The gateway is about to write it to the socket of that epoch; recorded first, so an answer never comes unexpected. */
  | { kind: 'handedOver'; epoch: number }
  | { kind: 'acknowledged' }
  | { kind: 'progressed'; step: string; percent: number | null }
  | { kind: 'succeeded'; result: CommandResult }
  | { kind: 'failed'; error: ExecutionError }
  | { kind: 'rejected'; error: ExecutionError }
  /** The device found it expired before it began. */
  | { kind: 'expiredOnDevice' }
  /** The device called it off before it began, as it was told to. */
  | { kind: 'cancelledOnDevice' }
  /** An operator calls it off. */
  | { kind: 'calledOff' }
  /** Its time has run out, by the server's clock, and no connection is open on which an answer could still come. */
  | { kind: 'expiryPassed' }
  /** The device holds a live connection and has been silent about it for too long: see `deadlines.ts`. */
  | { kind: 'answerOverdue' }
  /** The device came back without its durable store: what it did can no longer be learnt. */
  | { kind: 'storeLost' }
  /** An assignment to another project overtook it: see `fence.ts`. */
  | { kind: 'overtaken' }

/** What the shell is to do after it has stored the new state, or after nothing changed. */
export type ExecutionEffect =
  /** Tell the device that its final answer is kept, so that it stops repeating it. */
  | 'confirmOutcome'
  /** Tell the device not to begin. */
  | 'tellDeviceToCancel'

export type ExecutionOutcome =
  | { kind: 'moved'; execution: Execution; effects: ExecutionEffect[] }
  /** `repeated`: it already stands there. `tooLate`: it is beyond that. `notPossible`: it cannot happen in this state. */
  | { kind: 'unchanged'; because: 'repeated' | 'tooLate' | 'notPossible'; effects: ExecutionEffect[] }
