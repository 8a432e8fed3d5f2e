import type { RollUp } from '@rushes/command-core'
import type { CommandRow } from '@rushes/fleet'
import { clsx } from 'clsx'
import { CircleCheck, CircleSlash, LoaderCircle, OctagonAlert } from 'lucide-react'
import { formatCount } from '@/format/bytes.ts'

/** Where a command stands over its devices, as a bar and in figures. */
export function RollUpBar({ rollUp }: { rollUp: CommandRow['rollUp'] }) {
  const pieces = piecesOf(rollUp)
  return (
    <div className="min-w-0">
      <div aria-hidden className="flex h-1.5 w-full gap-px overflow-hidden rounded-full bg-sunken">
        {pieces.map(({ key, count, fill }) => (
          <span key={key} className={fill} style={{ flexGrow: count }} />
        ))}
      </div>
      <p className="mt-1 flex flex-wrap gap-x-3 text-sm text-ink-2">
        {pieces.map(({ key, count, word, icon: Icon, text }) => (
          <span key={key} className={clsx('inline-flex items-center gap-1', text)}>
            <Icon aria-hidden className="size-3.5" />
            {formatCount(count)} {word}
          </span>
        ))}
      </p>
    </div>
  )
}

/** Devices that failed in one way or another are told apart from those that the command was called off for. */
function piecesOf({ counts, succeededCount, openCount, unsuccessfulCount }: RollUp) {
  const calledOffCount = counts.cancelled + counts.superseded
  return [
    { key: 'done', count: succeededCount, word: 'done', fill: 'bg-ok', text: 'text-ok', icon: CircleCheck },
    { key: 'open', count: openCount, word: 'open', fill: 'bg-accent', text: 'text-accent', icon: LoaderCircle },
    {
      key: 'not done',
      count: unsuccessfulCount - calledOffCount,
      word: 'not done',
      fill: 'bg-bad',
      text: 'text-bad',
      icon: OctagonAlert,
    },
    {
      key: 'called off',
      count: calledOffCount,
      word: 'called off',
      fill: 'bg-line-strong',
      text: 'text-ink-2',
      icon: CircleSlash,
    },
  ].filter((piece) => piece.count > 0)
}
