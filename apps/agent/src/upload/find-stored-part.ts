import { classifyFailure } from '@rushes/upload-core'
import type { CallFailure, Destination, PartSource } from '../destination/port.ts'
import { digestRange } from './digest-range.ts'

export type StoredPartAnswer =
  /** It has arrived; the digest of its bytes, read from the file once more. */
  | { kind: 'stored'; xxh64: string }
  /** The upload lives, but this part of it is not there. */
  | { kind: 'missing' }
  /** The upload is no more. */
  | { kind: 'gone' }
  /** A foreign server, which cannot be asked. */
  | { kind: 'notAsked' }
  | { kind: 'unanswered'; failure: CallFailure }
  | { kind: 'aborted' }

export type StoredPartQuestion = { accessToken: string; assetId: string; number: number; file: PartSource }

/**
 * Finds out whether a part that was begun before has arrived all the same: its reply may have been lost, or come just as the agent was
 * killed. Then it is digested from the file instead of being sent again, and custody compares that digest with the stored bytes.
 */
export async function findStoredPart(
  destination: Destination,
  question: StoredPartQuestion,
  signal: AbortSignal,
): Promise<StoredPartAnswer> {
  const { accessToken, assetId, number, file } = question
  if (destination.additions === null) return { kind: 'notAsked' }
  const answer = await destination.additions.getAsset({ accessToken, assetId }, signal)
  if (answer.kind === 'aborted') return answer
  if (answer.kind === 'failed') {
    const isUnknown = classifyFailure('custody', answer.failure).kind === 'startOver'
    return isUnknown ? { kind: 'gone' } : { kind: 'unanswered', failure: answer.failure }
  }
  const { status, missing } = answer.custody
  const isAlive = status === 'created' || status === 'assembling' || status === 'available'
  if (!isAlive) return { kind: 'gone' }
  if (missing.includes(number)) return { kind: 'missing' }
  try {
    return { kind: 'stored', xxh64: await digestRange(file, signal) }
  } catch {
    // Whatever keeps the file from being read will be met, and judged, when the part is sent.
    return signal.aborted ? { kind: 'aborted' } : { kind: 'missing' }
  }
}
