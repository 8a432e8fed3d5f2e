import { clsx } from 'clsx'
import type { ReactNode } from 'react'
import type { Words } from '@/words/standing-words.ts'
import { toneSoft, toneText } from '@/words/tone.ts'

/** A state as icon and word, in its colour. */
export function StateMark({ words, children, className }: { words: Words; children?: ReactNode; className?: string }) {
  const Icon = words.icon
  return (
    <span className={clsx('inline-flex min-w-0 items-center gap-1.5', toneText[words.tone], className)}>
      <Icon aria-hidden className="size-4 shrink-0" />
      <span className="truncate">{children ?? words.label}</span>
    </span>
  )
}

/** The same on a tinted ground, for headings and lists. */
export function StatePill({ words, children }: { words: Words; children?: ReactNode }) {
  const Icon = words.icon
  return (
    <span
      className={clsx(
        'inline-flex h-6 shrink-0 items-center gap-1.5 rounded-full px-2 text-sm font-medium whitespace-nowrap',
        toneSoft[words.tone],
      )}
    >
      <Icon aria-hidden className="size-3.5 shrink-0" />
      {children ?? words.label}
    </span>
  )
}
