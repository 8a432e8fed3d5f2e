import type { ClipRow, ListedClip } from '@rushes/fleet'
import { reasons } from '@rushes/protocol'
import { clsx } from 'clsx'
import Link from 'next/link'
import { Poster } from '@/clips/poster.tsx'
import { Button, ButtonLink } from '@/ui/button.tsx'
import type { Column } from '@/ui/data-table.tsx'
import { Instant } from '@/ui/time.tsx'
import { actionWords, clipActionOf } from './clip-action.ts'
import { clipHref } from './clip-key.ts'
import { ClipAge, ClipCustody, ClipProgress, ClipProject, ClipSize, ClipState } from './clip-state.tsx'
import { VersionMark } from './version-mark.tsx'
import { whyOf } from './why.ts'

export type OnAct = (row: ClipRow) => void

/** The columns of all clips; `onAct` null: the viewer may not act. */
export function clipColumns(onAct: OnAct | null): Column<ListedClip>[] {
  return [
    name,
    where,
    { key: 'size', header: 'Size', width: '5.5rem', isFigure: true, cell: (row) => <ClipSize row={row} /> },
    captured,
    {
      key: 'state',
      header: 'State',
      width: '11.5rem',
      cell: (row) => (
        <div className="relative flex items-center gap-2">
          <div className="min-w-0 flex-1">
            <ClipState row={row} />
          </div>
          <ActButton row={row} onAct={onAct} />
        </div>
      ),
    },
    { key: 'progress', header: 'Arrived', width: '7rem', from: 'xl', cell: (row) => <ClipProgress row={row} /> },
    { key: 'custody', header: 'Custody', width: '8rem', cell: (row) => <ClipCustody row={row} /> },
    { key: 'age', header: 'As of', width: '4rem', from: 'xl', isFigure: true, cell: (row) => <ClipAge row={row} /> },
  ]
}

/** The columns of what needs attention: why, in whole sentences, and what to press. */
export function attentionColumns(onAct: OnAct | null): Column<ListedClip>[] {
  return [
    { ...name, width: '20rem' },
    where,
    { key: 'size', header: 'Size', width: '5.5rem', isFigure: true, from: 'lg', cell: (row) => <ClipSize row={row} /> },
    { key: 'state', header: 'State', width: '11.5rem', cell: (row) => <ClipState row={row} /> },
    { key: 'why', header: 'Why, and what to do', from: 'lg', cell: (row) => <Why row={row} /> },
    { key: 'age', header: 'As of', width: '4rem', from: 'xl', isFigure: true, cell: (row) => <ClipAge row={row} /> },
    { key: 'act', header: 'Action', width: '7rem', cell: (row) => <Act row={row} onAct={onAct} /> },
  ]
}

const name: Column<ListedClip> = {
  key: 'name',
  header: 'Clip',
  cell: (row) => (
    <div className="flex min-w-0 items-center gap-3">
      <Poster clip={row} />
      <div className="min-w-0">
        <Link href={clipHref(row)} className="block truncate font-medium hover:underline" title={row.path ?? row.name}>
          {row.name}
        </Link>
        {row.path !== null && row.path !== row.name && row.versionOf === null && row.newerVersion === null && (
          <p className="truncate text-sm text-ink-3">{folderOf(row.path)}</p>
        )}
        <VersionMark row={row} />
      </div>
    </div>
  ),
}

/** The name may be another by now than the one on the device. */
const folderOf = (path: string) => path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)

const where: Column<ListedClip> = {
  key: 'where',
  header: 'Device and project',
  width: '9.5rem',
  cell: (row) => (
    <div className="min-w-0">
      <Link href={`/devices/${row.deviceId}`} className="block truncate hover:underline">
        {row.deviceName}
      </Link>
      <p className="truncate text-sm text-ink-2">
        <ClipProject row={row} />
      </p>
    </div>
  ),
}

const captured: Column<ListedClip> = {
  key: 'captured',
  header: 'Captured',
  width: '6.5rem',
  from: 'lg',
  cell: (row) =>
    row.capturedAt === null ? (
      <span className="text-ink-3" title="The device could not tell">
        unknown
      </span>
    ) : (
      <Instant iso={row.capturedAt} />
    ),
}

/** The state's explanation, and what the device itself said of it. */
function Why({ row }: { row: ClipRow }) {
  const why = whyOf(row)
  if (why === null) return <span className="text-ink-3">The device gave no reason.</span>
  return (
    <div className="min-w-0" title={why.explanation}>
      <p className="line-clamp-2 text-sm whitespace-normal">{why.explanation}</p>
      <ErrorWords row={row} className="truncate" />
    </div>
  )
}

/** What the device or the destination said of it, word for word, where the explanation does not say it already. */
export function ErrorWords({ row, className }: { row: ClipRow; className?: string }) {
  if (row.error === null || row.error.message === whyOf(row)?.explanation) return null
  return (
    <p className={clsx('font-mono text-xs text-ink-2', className)} title={row.error.message}>
      {row.error.message || row.error.code}
    </p>
  )
}

/** Retry or Release, where it helps. In tight lists it comes forward with the row. */
export function ActButton({
  row,
  onAct,
  isAlwaysShown = false,
}: {
  row: ClipRow
  onAct: OnAct | null
  isAlwaysShown?: boolean
}) {
  const action = clipActionOf(row)
  if (action === null || onAct === null) return null
  return (
    <Button
      size="sm"
      aria-label={`${actionWords[action].label} ${row.name}`}
      onClick={() => onAct(row)}
      className={clsx(
        !isAlwaysShown &&
          // Out of the row until then, so that it does not cut the words of the state short.
          'absolute right-0 opacity-0 group-focus-within:static group-focus-within:opacity-100 group-hover:static group-hover:opacity-100 [@media(hover:none)]:static [@media(hover:none)]:opacity-100',
      )}
    >
      {actionWords[action].label}
    </Button>
  )
}

/** The one thing to press; where no command helps, the device's own page tells more. */
function Act({ row, onAct }: { row: ClipRow; onAct: OnAct | null }) {
  if (clipActionOf(row) !== null) return <ActButton row={row} onAct={onAct} isAlwaysShown />
  const isHelpedElsewhere = row.reason !== null && reasons[row.reason].action !== 'none'
  if (!isHelpedElsewhere)
    return (
      <span className="text-ink-3" title="There is nothing that a command could do about it">
        none
      </span>
    )
  return (
    <ButtonLink size="sm" href={`/devices/${row.deviceId}`} aria-label={`Open ${row.deviceName}`}>
      Device
    </ButtonLink>
  )
}
