import type { CommandRow } from '@rushes/fleet'
import { OctagonAlert } from 'lucide-react'
import { commandStateWords } from '@/words/command-words.ts'
import type { Words } from '@/words/standing-words.ts'

/** The words for a command over all its devices. One that has ended without success everywhere does not say "Done". */
export function wordsForCommand({ state, rollUp }: Pick<CommandRow, 'state' | 'rollUp'>): Words {
  const notDoneCount = rollUp.unsuccessfulCount - rollUp.counts.cancelled - rollUp.counts.superseded
  if (state !== 'done' || notDoneCount === 0) return commandStateWords[state]
  return rollUp.succeededCount === 0
    ? { label: 'Not done', tone: 'bad', icon: OctagonAlert }
    : { label: 'Partly done', tone: 'warn', icon: OctagonAlert }
}
