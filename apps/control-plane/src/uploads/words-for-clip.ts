import type { ClipRow } from '@rushes/fleet'
import { custodyWords } from '@/words/custody-words.ts'
import type { Words } from '@/words/standing-words.ts'
import { wordsForUpload } from '@/words/upload-words.ts'

/** The words for where a clip stands. One that arrived with other bytes than were sent is never shown as well. */
export function wordsForClip({ state, reason, custody }: Pick<ClipRow, 'state' | 'reason' | 'custody'>): Words {
  const hasArrived = state === 'uploaded' || state === 'verified'
  return hasArrived && custody === 'mismatch' ? custodyWords.mismatch : wordsForUpload(state, reason)
}
