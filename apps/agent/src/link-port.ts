import type { CommandBody, DeviceStatus, ExecutionUpdate, LifecycleEvent, UploadReport } from '@rushes/protocol'
import type { Logger } from 'pino'

/**
 * What the control link may see and do of the rest of the agent. The link never touches the queue, the uploader or the
 * credentials of the upload link; it reports through this port and hands commands in through it. Every method that returns
 * a plain value answers from memory or from the local database at once; none of them waits for a network.
 */
export interface LinkPort {
  /** Who this device is on the control link; null while it has no control pairing. */
  identity(): LinkIdentity | null
  /** Called after a pairing, a secret rotation, a deauthorisation, or when the outbox was begun anew (another `outboxId`). */
  onIdentityChanged(listener: () => void): Unsubscribe

  status(): DeviceStatus
  /** Called when something in `status()` other than byte counts and rate has changed. */
  onStatusChanged(listener: () => void): Unsubscribe

  uploadCount(): number
  /** Uploads with an id greater than `afterId` in byte order of ids, at most `limit`; `null` begins at the first. */
  uploads(afterId: string | null, limit: number): UploadReport[]

  /** The newest number that an event of the outbox was ever given, 0 for a new outbox. */
  lastSeq(): number
  /**
   * The newest event that a snapshot includes when it is begun now: the gateway takes all up to it for history. What follows tells of an upload as
   * it is when it is handed out first, so after the snapshot it is never older than that.
   */
  includedSeq(): number
  /** Events after `afterSeq` in order and without gaps. What was handed out once is never changed afterwards. */
  pendingEvents(afterSeq: number, limit: number): LifecycleEvent[]
  /** The gateway has stored everything up to and including `lastSeq`; the outbox forgets it. */
  eventsStored(lastSeq: number): void
  /** Called after events were appended; several may be told at once. */
  onEvent(listener: () => void): Unsubscribe

  /** What moves right now: at most 100 uploads. Cheap enough for 4 calls a second. */
  progress(): ProgressReport
  /** Called when bytes have moved or parts were acknowledged; at most 4 times a second. */
  onProgress(listener: () => void): Unsubscribe

  /** What is durably recorded of an execution; null when it was never seen. `acknowledged` or `running`: begun, outcome not known yet. */
  recordedOutcome(executionId: string): ExecutionOutcome | null
  /**
   * Stores `acknowledged`, carries the command out at most once, stores the final outcome, then resolves with it.
   * An execution with a recorded final outcome is not run again: its outcome is returned. Never rejects for a failed command.
   * `signal` cancels a command that has not begun; one under way is finished.
   */
  runCommand(
    order: CommandOrder,
    onProgress: (progress: CommandProgress) => void,
    signal: AbortSignal,
  ): Promise<FinalOutcome>
  /** Records the final outcome of an order that is not run at all (expired, unknown kind, cancelled). The first record wins and is returned. */
  recordOutcome(order: { executionId: string; commandId: string }, outcome: FinalOutcome): FinalOutcome
  /** Final outcomes that the gateway has not confirmed, oldest first; to be sent again after each reconnect. */
  pendingOutcomes(): RecordedOutcome[]
  /** The gateway has stored the final outcome; it is kept, but no longer pending. */
  outcomeStored(executionId: string): void
}

export type Unsubscribe = () => void

export type LinkIdentity = {
  deviceId: string
  /** The credential of the control link; never logged. */
  deviceSecret: string
  /** `ws:` or `wss:` address. */
  agentUrl: string
  agentVersion: string
  /** Names this boot of the machine, not this process. */
  bootId: string
  /** Names the outbox; a rebuilt one has another id and counts from 1 again. */
  outboxId: string
}

export type UploadProgress = { id: string; bytesAcknowledged: number; bytesInFlight: number; partsDone: number }
export type ProgressReport = { rateBytesPerSecond: number; uploads: UploadProgress[] }

export type CommandOrder = {
  executionId: string
  commandId: string
  body: CommandBody
  /** ISO 8601 by this device's own clock, right or wrong; past it the order is not begun any more. */
  expiresAt: string | null
}
export type CommandProgress = { step: string; percent: number | null }

export type ExecutionOutcome = ExecutionUpdate['outcome']
export type FinalOutcome = Extract<
  ExecutionOutcome,
  { state: 'succeeded' | 'failed' | 'rejected' | 'expired' | 'cancelled' }
>
/** `at`: when the outcome was recorded, ISO 8601. */
export type RecordedOutcome = { executionId: string; commandId: string; outcome: FinalOutcome; at: string }

/** How the control link stands. `cause`: the code of why it waits or does not try; null where nothing is wrong. */
export type LinkStatus = {
  state: 'unpaired' | 'unusable' | 'connecting' | 'online' | 'waiting' | 'revoked' | 'stopped'
  /** ISO 8601 by the device's clock. */
  since: string
  cause: string | null
  /** What it means and what comes next, in a sentence for a person. */
  message: string
  nextAttemptAt: string | null
}

/** What the daemon hands to the link room and what it gets back (`link/start-link.ts` exports `startLink: StartLink`). */
export type StartLink = (options: {
  port: LinkPort
  log: Logger
  /** Whether `ws:` may be spoken beyond loopback; left out, it may not. */
  allowInsecure?: boolean
}) => RunningLink
export interface RunningLink {
  /** How the link stands at this moment; answers from memory. */
  status(): LinkStatus
  /**
   * Says goodbye, closes the socket and stops all timers; resolves when nothing of the link is left running. Commands under way
   * belong to the port: they are neither aborted nor waited for, and their outcomes are said after the next start.
   */
  stop(): Promise<void>
}
