import type { TrashedClip } from '@rushes/fleet'
import Link from 'next/link'
import { Poster } from '@/clips/poster.tsx'
import { formatBytes } from '@/format/bytes.ts'
import { Button } from '@/ui/button.tsx'
import type { Column } from '@/ui/data-table.tsx'
import { Instant } from '@/ui/time.tsx'
import { RemovalMark } from './removal-mark.tsx'

type Acts = {
  /** Null: the viewer may not. */
  onRestore: ((clip: TrashedClip) => void) | null
  isBusy: boolean
  /** Pictures of what is in the trash are for those who may restore it. */
  mayLook: boolean
}

export function trashColumns(acts: Acts): Column<TrashedClip>[] {
  return [
    { key: 'name', header: 'Clip', cell: (clip) => <Name clip={clip} mayLook={acts.mayLook} /> },
    { key: 'size', header: 'Size', width: '5.5rem', isFigure: true, cell: (clip) => <Size clip={clip} /> },
    {
      key: 'by',
      header: 'Moved here',
      width: '16rem',
      cell: (clip) => (
        <div className="min-w-0">
          <p className="truncate">
            {clip.trashedBy.name}, <Instant iso={clip.trashedAt} />
          </p>
          {clip.reason !== null && (
            <p className="truncate text-sm text-ink-2" title={clip.reason}>
              {clip.reason}
            </p>
          )}
        </div>
      ),
    },
    { key: 'left', header: 'Time left', width: '11rem', cell: (clip) => <RemovalMark clip={clip} /> },
    { key: 'act', header: 'Action', width: '6.5rem', cell: (clip) => <Restore clip={clip} {...acts} /> },
  ]
}

/** A clip of the trash on a phone. */
export function TrashCard({ clip, ...acts }: { clip: TrashedClip } & Acts) {
  return (
    <div className="flex gap-3">
      <Poster clip={acts.mayLook ? clip : { ...clip, hasPoster: false }} view="trash" className="w-20" />
      <div className="flex min-w-0 flex-1 flex-col gap-1">
        <div className="flex items-baseline gap-3">
          <Link href={`/clips/${clip.assetId}`} className="min-w-0 flex-1 truncate font-medium">
            {clip.name}
          </Link>
          <span className="shrink-0 text-ink-2">
            <Size clip={clip} />
          </span>
        </div>
        <p className="truncate text-sm text-ink-2">
          {clip.trashedBy.name}, <Instant iso={clip.trashedAt} />
          {clip.reason !== null && <> · {clip.reason}</>}
        </p>
        <div className="flex items-center gap-3">
          <div className="min-w-0 flex-1">
            <RemovalMark clip={clip} />
          </div>
          <Restore clip={clip} {...acts} />
        </div>
      </div>
    </div>
  )
}

function Name({ clip, mayLook }: { clip: TrashedClip; mayLook: boolean }) {
  return (
    <div className="flex min-w-0 items-center gap-3">
      <Poster clip={mayLook ? clip : { ...clip, hasPoster: false }} view="trash" />
      <div className="min-w-0">
        <Link href={`/clips/${clip.assetId}`} className="block truncate font-medium hover:underline" title={clip.name}>
          {clip.name}
        </Link>
        <p className="truncate text-sm text-ink-2">{clip.device.name}</p>
      </div>
    </div>
  )
}

const Size = ({ clip }: { clip: TrashedClip }) => <>{clip.sizeBytes === null ? '–' : formatBytes(clip.sizeBytes)}</>

function Restore({ clip, onRestore, isBusy }: { clip: TrashedClip } & Acts) {
  if (onRestore === null || clip.removing !== null) return <span className="text-ink-3">none</span>
  return (
    <Button size="sm" disabled={isBusy} aria-label={`Restore ${clip.name}`} onClick={() => onRestore(clip)}>
      Restore
    </Button>
  )
}
