import type { Consequence } from './consequence.ts'
import type { Lease } from './lease.ts'
import type {
  CancelledReason,
  ClearedReason,
  FailedReason,
  HeldReason,
  RefusedReason,
  UploadError,
  UploadState,
  WaitingReason,
} from './upload-state.ts'

/** What happened to an upload. Past-tense facts; requests of people are facts too. */
export type UploadEvent =
  /** The file has rested. `hold`: a reason not to upload it by itself. */
  | { kind: 'rested'; hold: HeldReason | null }
  | { kind: 'refused'; reason: RefusedReason }
  /** Enough of a growing file is there to begin with its upload. */
  | { kind: 'begun' }
  /** A worker took it to register it; the attempt is counted here, before anything is sent. */
  | { kind: 'claimed'; lease: Lease }
  | { kind: 'created'; token: number; assetId: string; partsTotal: number; urlsIssuedAt: number }
  /** `uncertain`: the destination may have made the asset all the same. */
  | { kind: 'createFailed'; token: number; consequence: Consequence; uncertain: boolean; error: UploadError }
  /** The claim was given back by an orderly shutdown or because nothing was sent at all. */
  | { kind: 'claimReturned'; token: number; uncertain: boolean }
  /** The claimer is gone without a word (crash, power cut, a lease that ran out). */
  | { kind: 'claimLost'; consequence: Consequence }
  | { kind: 'partAcknowledged' }
  /** More of a growing file was cut. While it is open, `partsTotal` counts one part more than there are: its end is still to come. */
  | { kind: 'partsCut'; partsTotal: number }
  /** A growing file was truncated or replaced: what takes its place is another take, and nothing that was sent is of it. */
  | { kind: 'takenAnew' }
  /** What was sent of a growing file is not the file as it rests now: it goes up once more, whole. */
  | { kind: 'contentDiffers' }
  /** None of its parts can move before `until` (null: before the cause has passed). */
  | { kind: 'partsStalled'; reason: WaitingReason; until: number | null; deprioritised: boolean }
  /** One of its parts has used up a job attempt, and others can go on: behind everything that has not failed. */
  | { kind: 'partsDeprioritised' }
  | { kind: 'partsExhausted'; bootId: string; error: UploadError }
  | { kind: 'assetLost'; reason: 'urlExpired' | 'uploadLostByDestination'; error: UploadError }
  | { kind: 'failed'; reason: FailedReason; error: UploadError }
  /** What it waited for has passed. */
  | { kind: 'waitEnded' }
  /** The agent runs in a boot of the machine that is not the one it gave up in. */
  | { kind: 'booted'; bootId: string }
  | { kind: 'custodyOwed' }
  /** `incomplete`: it lives, and goes on lacking parts that were acknowledged. */
  | { kind: 'custodyAnswered'; answer: 'verified' | 'sizeChecked' | 'mismatch' | 'lost' | 'incomplete' }
  | { kind: 'custodyAbandoned' }
  | { kind: 'sourceRemoved' }
  /** A file that was taken for deleted has turned up, under its own name or another one. */
  | { kind: 'sourceFound' }
  /** The file was written to again before an asset was made of it. */
  | { kind: 'grewAgain' }
  /** A reason came up not to begin it by itself. */
  | { kind: 'heldBack'; reason: HeldReason }
  | { kind: 'released' }
  /** A person wants a clip that was captured in a pause to be offered once more, and has said why. */
  | { kind: 'unblocked' }
  /** A person takes a clip back that was cleared from the queue. */
  | { kind: 'restored' }
  /** A clip that was held because the queue was lost is whole at the destination already. */
  | { kind: 'foundAtDestination'; assetId: string; verified: boolean }
  | { kind: 'retried' }
  | { kind: 'reset' }
  | { kind: 'cancelled'; reason: CancelledReason }
  | { kind: 'cleared'; reason: ClearedReason }

/** What the shell does with a transition, in the same transaction where it is about rows. */
export type UploadEffect =
  /** Forget the parts and their addresses. */
  | 'dropParts'
  /** Stop whatever is being sent of it at once. */
  | 'abortSending'
  /** Parts that are not acknowledged get their tries back. */
  | 'refreshPartTries'
  /** The next create is another one: it gets another idempotency key. */
  | 'renewCreateKey'
  /** The next create takes the file as it is then. */
  | 'adoptSource'

export type UploadTransition =
  | { kind: 'moved'; state: UploadState; effects: UploadEffect[] }
  /** `staleLease`: a result of somebody who has lost the row. `notApplicable`: the event means nothing in this state. */
  | { kind: 'ignored'; why: 'staleLease' | 'notApplicable' }

export const notApplicable: UploadTransition = { kind: 'ignored', why: 'notApplicable' }
export const staleLease: UploadTransition = { kind: 'ignored', why: 'staleLease' }

export const moved = (state: UploadState, ...effects: UploadEffect[]): UploadTransition => ({
  kind: 'moved',
  state,
  effects,
})
