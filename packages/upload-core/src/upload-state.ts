import type { ReasonCode } from '@rushes/protocol'
import type { Lease } from './lease.ts'

/** Why an upload waits; it goes on by itself when the cause has passed. */
export type WaitingReason = Extract<
  ReasonCode,
  | 'backoff'
  | 'offline'
  | 'destinationDown'
  | 'rateLimited'
  | 'urlExpired'
  | 'sourceRemoved'
  | 'authorizationLost'
  | 'forbidden'
  | 'quotaExceeded'
  | 'deprioritised'
  | 'awaitingRestart'
  | 'createUncertain'
  | 'awaitingFence'
  | 'clockSkewed'
  | 'noProject'
>
/** Why an upload waits for a person. */
export type HeldReason = Extract<
  ReasonCode,
  'heldByOperator' | 'capturedBeforePairing' | 'queueRebuilt' | 'manualFolder'
>
export type RefusedReason = Extract<
  ReasonCode,
  'emptyFile' | 'tooLarge' | 'notARegularFile' | 'outsideWatchFolder' | 'unusableName'
>
export type FailedReason = Extract<
  ReasonCode,
  | 'readError'
  | 'sourceChanged'
  | 'sourceTruncated'
  | 'rejectedByDestination'
  | 'attemptsExhausted'
  | 'digestMismatch'
  | 'uploadLostByDestination'
>
export type CancelledReason = Extract<ReasonCode, 'cancelledByOperator' | 'cancelledOnDevice'>
export type ClearedReason = Extract<ReasonCode, 'projectChanged' | 'clearedByOperator' | 'sourceDeleted'>

/** The way to an asset at the destination. */
export type Registration = {
  /** Creates begun so far, counted before each is sent. */
  attempts: number
  /** A create may have reached the destination without its reply reaching us. */
  uncertain: boolean
  /** Assets of this upload that died at the destination. */
  recreations: number
  deprioritised: boolean
  /**
   * The asset whose addresses ran out, with its parts. The create is made again under the same key: a destination that keeps keys
   * answers with this very asset and new addresses, so that what has arrived still counts and no second one can become whole.
   */
  expired: Asset | null
}

/** An asset that exists at the destination and whose parts are being sent. */
export type Asset = {
  assetId: string
  urlsIssuedAt: number
  partsTotal: number
  partsDone: number
  recreations: number
  deprioritised: boolean
}

/** Where an interrupted upload goes on. */
export type Work = { step: 'register'; registration: Registration } | { step: 'parts'; asset: Asset }

/** Where to look first: at the way to the destination, at what it answers, at the file, or at the agent itself. */
export const errorClasses = ['network', 'destination', 'file', 'agent'] as const
export type ErrorClass = (typeof errorClasses)[number]

/** The last error, as it is shown; `code` is stable, `message` is for people. */
export type UploadError = { class: ErrorClass; code: string; message: string }

/** `owed`: the digests are to be sent and the answer awaited. `none`: the destination keeps no custody. `abandoned`: the device has left the project, or the destination refuses the digests for good. */
export type Custody = 'none' | 'owed' | 'abandoned'

/** An upload as it is stored. Each member holds only what is true in that state. */
export type UploadState =
  | { kind: 'growing' }
  | { kind: 'queued'; registration: Registration }
  | { kind: 'registering'; registration: Registration; lease: Lease }
  | { kind: 'uploading'; asset: Asset }
  | { kind: 'waiting'; reason: WaitingReason; until: number | null; sinceBootId: string | null; work: Work }
  | { kind: 'held'; reason: HeldReason; work: Work }
  | { kind: 'uploaded'; asset: Asset; custody: Custody }
  | { kind: 'verified'; asset: Asset }
  | { kind: 'failed'; reason: FailedReason; error: UploadError | null; work: Work | null }
  | { kind: 'blocked'; reason: 'capturedInPause' }
  | { kind: 'cancelled'; reason: CancelledReason; work: Work | null }
  /** `heldFor`: why it waited for a person when it was cleared; null when it did not. */
  | { kind: 'cleared'; reason: ClearedReason; heldFor: HeldReason | null }
  | { kind: 'refused'; reason: RefusedReason }

export const freshRegistration: Registration = {
  attempts: 0,
  uncertain: false,
  recreations: 0,
  deprioritised: false,
  expired: null,
}
export const freshWork: Work = { step: 'register', registration: freshRegistration }
