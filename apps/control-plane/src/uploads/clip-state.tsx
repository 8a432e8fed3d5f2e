import type { ListedClip } from '@rushes/fleet'
import { formatBytes, formatPercent } from '@/format/bytes.ts'
import { ProgressBar } from '@/ui/progress-bar.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import { Age } from '@/ui/time.tsx'
import { wordsForCustody } from '@/words/custody-words.ts'
import { whyOf } from './why.ts'
import { wordsForClip } from './words-for-clip.ts'

/** State and the reason for it, one under the other. */
export function ClipState({ row }: { row: ListedClip }) {
  const why = whyOf(row)
  return (
    <div className="min-w-0" title={why?.explanation}>
      <StateMark words={wordsForClip(row)} className="max-w-full align-middle" />
      {why !== null && <p className="truncate text-sm text-ink-2">{why.title}</p>}
    </div>
  )
}

/** How much of a clip has arrived. What has not begun has a dash, what is home needs no bar. */
export function ClipProgress({ row }: { row: ListedClip }) {
  const { sizeBytes, bytesAcknowledged, state } = row
  if (state === 'verified' || state === 'uploaded') return <span className="text-ink-3">all of it</span>
  if (bytesAcknowledged === 0 && state !== 'uploading' && state !== 'registering')
    return <span className="text-ink-3">none yet</span>
  if (sizeBytes === null)
    return <span title="A real-time upload; its size is known when it ends">{formatBytes(bytesAcknowledged)}</span>
  return (
    <div
      className="flex items-center gap-2"
      title={row.bytesLost > 0 ? `${formatBytes(row.bytesLost)} of it are sent again` : undefined}
    >
      <ProgressBar label={`Progress of ${row.name}`} total={sizeBytes} acknowledged={bytesAcknowledged} />
      <span className="w-9 shrink-0 text-right text-sm text-ink-2">{formatPercent(bytesAcknowledged, sizeBytes)}</span>
    </div>
  )
}

/** What our ingest vouches for. Elsewhere nothing is known, which is not the same as nothing checked. */
export function ClipCustody({ row }: { row: ListedClip }) {
  if (row.custody !== null) {
    const words = wordsForCustody(row.custody, row.mismatchBecause)
    return (
      <span title={words.sentence}>
        <StateMark words={words} className="align-middle" />
      </span>
    )
  }
  if (!row.isDestinationOurs)
    return (
      <span className="text-ink-3" title="It goes to another server, which alone could vouch for it">
        unknown
      </span>
    )
  return (
    <span className="text-ink-3" title="The destination has nothing of it yet">
      –
    </span>
  )
}

export function ClipSize({ row }: { row: ListedClip }) {
  return row.sizeBytes === null ? (
    <span className="text-ink-3" title="A real-time upload; its size is known when it ends">
      unknown
    </span>
  ) : (
    formatBytes(row.sizeBytes)
  )
}

/** The project that the clip belongs to. */
export function ClipProject({ row }: { row: ListedClip }) {
  if (row.project === null) return <span className="text-ink-3">no project</span>
  return row.project.name === null ? (
    <span title="A project of another server, by its id there">{row.project.id}</span>
  ) : (
    row.project.name
  )
}

/** How old the account of the clip is. */
export function ClipAge({ row }: { row: ListedClip }) {
  return (
    <span className="text-sm text-ink-2">
      <Age iso={row.receivedAt} />
    </span>
  )
}
