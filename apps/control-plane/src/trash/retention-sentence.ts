import type { Retention } from '@rushes/fleet'
import { plural } from '../format/bytes.ts'

/** How long a project keeps things, in a sentence. */
export function retentionSentence({ trashDays, clipDays }: Retention): string {
  const trash = `What is in the trash is removed for good after ${plural(trashDays, 'day')}.`
  return clipDays === null ? trash : `${trash} Clips go there ${plural(clipDays, 'day')} after they arrived.`
}
