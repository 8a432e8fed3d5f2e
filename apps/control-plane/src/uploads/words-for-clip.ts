import type { ClipRow, UploadRow } from '@rushes/fleet'
import { wordsForCustody } from '../words/custody-words.ts'
import type { Words } from '../words/standing-words.ts'
import { wordsForUpload } from '../words/upload-words.ts'

/** The words for where a clip stands. One that arrived with other bytes than were sent is never shown as well. */
export function wordsForClip({
  state,
  reason,
  custody,
  mismatchBecause = null,
}: Pick<ClipRow, 'state' | 'reason' | 'custody'> & Partial<Pick<UploadRow, 'mismatchBecause'>>): Words {
  const hasArrived = state === 'uploaded' || state === 'verified'
  return hasArrived && custody === 'mismatch'
    ? wordsForCustody('mismatch', mismatchBecause)
    : wordsForUpload(state, reason)
}

/** Of a device's upload, which knows of the destination's account only what is wrong. */
export const custodyOf = ({ mismatchBecause }: UploadRow): ClipRow['custody'] =>
  mismatchBecause === null ? null : 'mismatch'
