import type { ListedClip } from '@rushes/fleet'
import Link from 'next/link'
import { Poster } from '@/clips/poster.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import { Age, Instant } from '@/ui/time.tsx'
import { ActButton, ErrorWords, type OnAct } from './clip-columns.tsx'
import { clipHref } from './clip-key.ts'
import { ClipCustody, ClipProgress, ClipProject, ClipSize } from './clip-state.tsx'
import { VersionMark } from './version-mark.tsx'
import { whyOf } from './why.ts'
import { wordsForClip } from './words-for-clip.ts'

/** A clip on a phone. */
export function ClipCard({ row, onAct, isAttention }: { row: ListedClip; onAct: OnAct | null; isAttention: boolean }) {
  const why = whyOf(row)
  const isMoving = row.state === 'uploading' || row.state === 'registering'
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex items-center gap-3">
        <Poster clip={row} />
        <Link href={clipHref(row)} className="min-w-0 flex-1 truncate font-medium">
          {row.name}
        </Link>
        <span className="shrink-0 text-ink-2">
          <ClipSize row={row} />
        </span>
      </div>
      <div className="flex items-center gap-3">
        <StateMark words={wordsForClip(row)} className="min-w-0 flex-1" />
        {row.custody !== null && row.custody !== 'no' && row.state !== 'verified' && <ClipCustody row={row} />}
      </div>
      <VersionMark row={row} />
      {why !== null && <p className="text-sm text-ink-2">{isAttention ? why.explanation : why.title}</p>}
      {isAttention && <ErrorWords row={row} className="line-clamp-3 break-words" />}
      {isMoving && <ClipProgress row={row} />}
      <div className="flex items-center gap-3">
        <p className="min-w-0 flex-1 text-sm text-ink-2 [overflow-wrap:anywhere]">
          {row.deviceName} · <ClipProject row={row} />
          {row.capturedAt !== null && (
            <>
              {' · '}
              <Instant iso={row.capturedAt} />
            </>
          )}
          {' · as of '}
          <Age iso={row.receivedAt} />
        </p>
        <ActButton row={row} onAct={onAct} isAlwaysShown />
      </div>
    </div>
  )
}
