import type { ExecutionUpdate } from '@rushes/protocol'

/** What a device has durably on record of an execution; written before anything is done, and before anything is said. */
export type DeviceRecord =
  | { kind: 'none' }
  /** Begun and not ended: under way, or cut off by a restart. */
  | { kind: 'begun' }
  | { kind: 'final'; outcome: FinalAnswer }

export type FinalAnswer = Extract<
  ExecutionUpdate['outcome'],
  { state: 'succeeded' | 'failed' | 'rejected' | 'expired' | 'cancelled' }
>

export type DeliveryDecision =
  /** Write `begun`, do it, and write the outcome in the same transaction as the effect. */
  | { kind: 'run' }
  /** It was cut off: whoever carries it out looks how far it came. */
  | { kind: 'resume' }
  /** It is under way in this process: nothing to do but say so again. */
  | { kind: 'underWay' }
  /** Say again what is on record. */
  | { kind: 'replay'; outcome: FinalAnswer }
  /** Write this answer on record without doing anything, then say it. */
  | { kind: 'decline'; outcome: FinalAnswer }

/**
 * What a device does with an execution that it is given, for the first time or again: at most once is decided here. The record
 * is durable and comes before the wire, so that neither a lost answer nor a restart makes it run twice.
 */
export function decideDelivery(
  given: { isKnownKind: boolean; expiresAtMs: number | null; record: DeviceRecord; isUnderWay: boolean },
  { nowMs }: { nowMs: number },
): DeliveryDecision {
  const { record } = given
  if (record.kind === 'final') return { kind: 'replay', outcome: record.outcome }
  if (record.kind === 'begun') return given.isUnderWay ? { kind: 'underWay' } : { kind: 'resume' }
  if (given.isUnderWay) return { kind: 'underWay' }
  if (!given.isKnownKind) {
    const message = 'This version of the agent does not know this kind of command'
    return { kind: 'decline', outcome: { state: 'rejected', errorCode: 'unknownKind', message } }
  }
  if (given.expiresAtMs !== null && nowMs >= given.expiresAtMs) {
    return { kind: 'decline', outcome: { state: 'expired' } }
  }
  return { kind: 'run' }
}

/**
 * What a device does when it is told not to begin. One it has never seen is put on record as cancelled, so that a delivery that
 * comes late does nothing; one that has begun is finished.
 */
export function decideCancel(
  record: DeviceRecord,
): { kind: 'finish' } | { kind: 'replay' | 'decline'; outcome: FinalAnswer } {
  switch (record.kind) {
    case 'none':
      return { kind: 'decline', outcome: { state: 'cancelled' } }
    case 'begun':
      return { kind: 'finish' }
    case 'final':
      return { kind: 'replay', outcome: record.outcome }
  }
}
