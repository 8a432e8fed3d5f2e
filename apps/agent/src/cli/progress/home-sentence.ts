import type { UploadState } from '@rushes/protocol'
import type { StatusAnswer } from '../../local-api/operations.ts'
import { shownBytes } from '../output.ts'
import { shownTimeLeft } from './time-left.ts'

/** States of clips that are to go up, of which the sentence speaks. */
const wanted: readonly UploadState[] = [
  'growing',
  'queued',
  'registering',
  'uploading',
  'waiting',
  'held',
  'uploaded',
  'verified',
  'failed',
]

/** Whether everything is home, in one sentence; if not, how much is missing and when it will be there at this rate. */
export function homeSentence({
  counts,
  bytes,
  rateBytesPerSecond,
  destinationIsOurs,
}: Pick<StatusAnswer, 'counts' | 'bytes' | 'rateBytesPerSecond' | 'destinationIsOurs'>): string {
  const clipCount = wanted.reduce((sum, state) => sum + (counts[state] ?? 0), 0)
  // Another destination reads nothing back: there, uploaded is all that can be had.
  const homeCount = (counts.verified ?? 0) + (destinationIsOurs ? 0 : (counts.uploaded ?? 0))
  const word = destinationIsOurs ? 'verified' : 'uploaded'
  if (clipCount === 0) return 'no clips yet'
  if (homeCount === clipCount) return `all ${clips(clipCount)} ${word}`
  const left = shownTimeLeft(bytes.waiting, rateBytesPerSecond)
  const failed = counts.failed === undefined ? '' : `, ${counts.failed} failed`
  return `${homeCount} of ${clips(clipCount)} ${word}${failed}, ${shownBytes(bytes.waiting)} to go${left === '-' ? '' : `, ${left} left`}`
}

const clips = (count: number): string => `${count} ${count === 1 ? 'clip' : 'clips'}`
