'use client'
import type { ClipRow } from '@rushes/fleet'
import { Play, RotateCw, Trash2 } from 'lucide-react'
import { formatBytes, plural } from '@/format/bytes.ts'
import { Button } from '@/ui/button.tsx'
import { type ClipAction, clipActionOf } from './clip-action.ts'

/** What is whole at the destination can go into the trash. */
export const isTrashable = (row: ClipRow) => row.assetId !== null && row.availableAt !== null

type OnAct = (action: ClipAction) => void

/** Over all that match the filter, loaded or not. */
export function AttentionActions({ countOf, onAct }: { countOf: (action: ClipAction) => number; onAct: OnAct }) {
  return (
    <>
      <Button disabled={countOf('releaseUploads') === 0} onClick={() => onAct('releaseUploads')}>
        <Play aria-hidden />
        Release all…
      </Button>
      <Button disabled={countOf('retryUploads') === 0} onClick={() => onAct('retryUploads')}>
        <RotateCw aria-hidden />
        Retry all…
      </Button>
    </>
  )
}

/** Over the rows that are chosen; each action says how many of them it does something for. */
export function SelectionBar({
  rows,
  onAct,
  onTrash,
  onClear,
}: {
  rows: readonly ClipRow[]
  onAct: OnAct
  onTrash: () => void
  onClear: () => void
}) {
  const countOf = (action: ClipAction) => rows.filter((row) => clipActionOf(row) === action).length
  const [retryCount, releaseCount] = [countOf('retryUploads'), countOf('releaseUploads')]
  const byteCount = rows.reduce((sum, row) => sum + (row.sizeBytes ?? 0), 0)
  return (
    <section
      aria-label="Selection"
      className="sticky top-0 z-20 mb-2 flex flex-wrap items-center gap-2 rounded-md border border-line-strong bg-raised px-3 py-2 shadow-raised"
    >
      <p className="min-w-0 flex-1" role="status">
        {plural(rows.length, 'clip')} selected, {formatBytes(byteCount)}
      </p>
      <Button size="sm" disabled={releaseCount === 0} onClick={() => onAct('releaseUploads')}>
        <Play aria-hidden />
        Release {releaseCount}
      </Button>
      <Button size="sm" disabled={retryCount === 0} onClick={() => onAct('retryUploads')}>
        <RotateCw aria-hidden />
        Retry {retryCount}
      </Button>
      <Button size="sm" disabled={!rows.some(isTrashable)} onClick={onTrash}>
        <Trash2 aria-hidden />
        Trash {rows.filter(isTrashable).length}
      </Button>
      <Button size="sm" look="quiet" onClick={onClear}>
        Clear selection
      </Button>
    </section>
  )
}
