import type { Consequence } from './consequence.ts'
import { holdsLease, type Lease } from './lease.ts'

/** A part of an upload as it is stored. `attempts` counts sends begun, each before its first byte. */
export type PartState =
  | { kind: 'pending'; attempts: number; notBefore: number | null }
  | { kind: 'sending'; attempts: number; lease: Lease }
  | { kind: 'acknowledged'; attempts: number; xxh64: string }

export type PartEvent =
  | { kind: 'claimed'; lease: Lease }
  /** The destination has the part; `xxh64` is the digest of the bytes as they left. */
  | { kind: 'acknowledged'; token: number; xxh64: string }
  | { kind: 'failed'; token: number; consequence: Consequence }
  /** Given back by an orderly shutdown, an abort, or before a byte was sent: no attempt of the part. */
  | { kind: 'returned'; token: number }
  /** The sender is gone without a word. */
  | { kind: 'lost'; consequence: Consequence }
  | { kind: 'triesRefreshed' }
  /** The recorder has written other bytes where the part was cut: what the destination has of it is of no use. */
  | { kind: 'bytesChanged' }

export type PartTransition =
  | { kind: 'moved'; state: PartState }
  | { kind: 'ignored'; why: 'staleLease' | 'notApplicable' }

const notApplicable: PartTransition = { kind: 'ignored', why: 'notApplicable' }
const moved = (state: PartState): PartTransition => ({ kind: 'moved', state })

/** The part state machine. What the failure of a part means for its upload is decided there (`transitionUpload`), from the same consequence. */
export function transitionPart(state: PartState, event: PartEvent, context: { now: number }): PartTransition {
  switch (event.kind) {
    case 'claimed':
      if (state.kind !== 'pending' || (state.notBefore !== null && context.now < state.notBefore)) return notApplicable
      return moved({ kind: 'sending', attempts: state.attempts + 1, lease: event.lease })
    case 'acknowledged':
    case 'failed':
    case 'returned':
      if (state.kind !== 'sending') return notApplicable
      if (!holdsLease(state.lease, event.token)) return { kind: 'ignored', why: 'staleLease' }
      if (event.kind === 'acknowledged')
        return moved({ kind: 'acknowledged', attempts: state.attempts, xxh64: event.xxh64 })
      if (event.kind === 'returned') return moved({ kind: 'pending', attempts: state.attempts - 1, notBefore: null })
      return moved(pendingAfter(state.attempts, event.consequence))
    case 'lost':
      return state.kind === 'sending' ? moved(pendingAfter(state.attempts, event.consequence)) : notApplicable
    case 'bytesChanged':
      return state.kind === 'acknowledged' ? moved({ kind: 'pending', attempts: 0, notBefore: null }) : notApplicable
    case 'triesRefreshed':
      return state.kind === 'pending' ? moved({ kind: 'pending', attempts: 0, notBefore: null }) : notApplicable
  }
}

function pendingAfter(attempts: number, consequence: Consequence): PartState {
  if (consequence.kind !== 'tryAgain') return { kind: 'pending', attempts, notBefore: null }
  return { kind: 'pending', attempts: attempts - (consequence.counted ? 0 : 1), notBefore: consequence.at }
}
