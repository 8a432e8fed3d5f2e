import type { Clip } from '@rushes/fleet'
import { endCauseOf } from '@rushes/protocol'
import { formatBytes, formatPercent, plural } from '@/format/bytes.ts'
import { ProgressBar } from '@/ui/progress-bar.tsx'
import { Screen } from './clip-player.tsx'
import { clipStateWords } from './clip-state-words.ts'

/** In place of the player while there is no whole file: what there is of it, and what comes next. */
export function NotHereYet({ clip }: { clip: Clip }) {
  const words = clipStateWords[clip.state]
  const { acknowledgedBytes, acknowledged, total } = clip.partCounts
  const cause = endCauseOf(clip.ended?.because ?? null)
  const isEnded = clip.state === 'failed' || clip.state === 'closed'
  return (
    <Screen icon={words.icon} title={isEnded ? 'There is nothing to play' : 'Not available yet'}>
      <p>{cause?.explanation ?? words.sentence}</p>
      {clip.ended?.detail != null && <p className="pt-2 font-mono text-xs text-ink-2">{clip.ended.detail}</p>}
      {!isEnded && (
        <div className="mx-auto mt-4 flex w-72 max-w-full flex-col gap-1.5 text-left">
          {clip.sizeBytes !== null && (
            <ProgressBar label="Arrived" total={clip.sizeBytes} acknowledged={acknowledgedBytes} />
          )}
          <p className="text-sm">
            {formatBytes(acknowledgedBytes)}{' '}
            {clip.sizeBytes === null
              ? 'so far; its size is known when it ends'
              : `of ${formatBytes(clip.sizeBytes)} (${formatPercent(acknowledgedBytes, clip.sizeBytes)})`}
            , {acknowledged} of {plural(total, 'part')}
          </p>
        </div>
      )}
    </Screen>
  )
}
