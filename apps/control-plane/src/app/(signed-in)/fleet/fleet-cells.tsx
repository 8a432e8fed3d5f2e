'use client'
import type { LiveFleetRow, LiveProgress } from '@rushes/api'
import type { FleetRow } from '@rushes/fleet'
import { standingOf } from '@rushes/upload-core'
import Link from 'next/link'
import { homeOfRow } from '@/devices/home-of-row.ts'
import { PresenceMark } from '@/devices/presence-mark.tsx'
import { ProjectMark } from '@/devices/project-mark.tsx'
import { SeenMark } from '@/devices/seen-mark.tsx'
import { SentenceActionButton } from '@/devices/sentence-action.tsx'
import { formatBytes, formatCount, formatRate } from '@/format/bytes.ts'
import { etaMs, formatDuration } from '@/format/time.ts'
import { useFleetRow } from '@/live/live-provider.tsx'
import { ProgressBar } from '@/ui/progress-bar.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import { deviceSentence } from '@/words/device-sentence.ts'
import { standingWords } from '@/words/standing-words.ts'

/** A row as a page of the list gave it, and when. */
export type ListedRow = { row: FleetRow; loadedAtMs: number }

type AnyRow = FleetRow | LiveFleetRow

export const useRow = ({ row, loadedAtMs }: ListedRow): AnyRow => useFleetRow<FleetRow>(row, loadedAtMs)

export function progressOf(row: AnyRow): LiveProgress | null {
  return 'progress' in row ? row.progress : null
}

export function NameCell({ listed }: { listed: ListedRow }) {
  const row = useRow(listed)
  return (
    <span className="flex min-w-0 flex-col">
      <Link
        href={`/devices/${row.deviceId}`}
        prefetch={false}
        className="truncate rounded-sm font-medium hover:underline"
      >
        {row.name}
      </Link>
      <span className="truncate text-sm text-ink-3">{row.hostname ?? row.modelName}</span>
    </span>
  )
}

export function PresenceCell({ listed }: { listed: ListedRow }) {
  const row = useRow(listed)
  return (
    <span className="flex flex-col">
      <PresenceMark presence={row.presence} />
      <span className="pl-5.5 text-sm text-ink-3">
        <SeenMark row={row} />
      </span>
    </span>
  )
}

export function ProjectCell({ listed }: { listed: ListedRow }) {
  return <ProjectMark row={useRow(listed)} />
}

export function StateCell({ listed }: { listed: ListedRow }) {
  const row = useRow(listed)
  const standing = standingOf(row)
  const { text, detail, action } = deviceSentence(row)
  return (
    <span className="flex items-center gap-2">
      <span className="flex min-w-0 flex-1 flex-col" title={detail}>
        <StateMark words={standingWords[standing]} />
        <span className="truncate pl-5.5 text-sm text-ink-2">{text}</span>
      </span>
      <SentenceActionButton action={action} deviceId={row.deviceId} deviceName={row.name} />
    </span>
  )
}

export function ProgressCell({ listed }: { listed: ListedRow }) {
  const row = useRow(listed)
  const home = homeOfRow(row)
  if (row.report === null || home === null) return <span className="text-ink-3">not reported</span>
  const { bytes } = row.report.status
  const { homeCount, totalCount, homeBytes } = home
  if (totalCount === 0) return <span className="text-ink-3">no clips</span>
  return (
    <span className="flex flex-col gap-1.5">
      <ProgressBar
        label={`Upload progress of ${row.name}`}
        total={bytes.captured}
        acknowledged={bytes.acknowledged}
        verified={homeBytes}
        inFlight={progressOf(row)?.bytesInFlight ?? 0}
      />
      <span className="flex justify-between text-sm text-ink-2">
        <span>
          {formatCount(homeCount)} of {formatCount(totalCount)} home
        </span>
        {bytes.waiting > 0 && <span className="text-ink-3">{formatBytes(bytes.waiting)}</span>}
      </span>
    </span>
  )
}

export function RateCell({ listed }: { listed: ListedRow }) {
  const row = useRow(listed)
  const rate = rateOf(row)
  if (rate === null) return <span className="text-ink-3">–</span>
  const eta = etaMs(row.report?.status.bytes.waiting ?? 0, rate)
  return (
    <span className="flex flex-col">
      <span>{formatRate(rate)}</span>
      <span className="text-sm text-ink-3">{eta === null ? ' ' : `${formatDuration(eta)} left`}</span>
    </span>
  )
}

/** The device's rate just now; null where nothing moves or nothing is known. */
export function rateOf(row: AnyRow): number | null {
  if (row.presence.state !== 'online') return null
  return progressOf(row)?.rateBytesPerSecond ?? null
}
