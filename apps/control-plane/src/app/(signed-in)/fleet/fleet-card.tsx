'use client'
import { standingOf } from '@rushes/upload-core'
import Link from 'next/link'
import { homeOfRow } from '@/devices/home-of-row.ts'
import { PresenceMark } from '@/devices/presence-mark.tsx'
import { SeenMark } from '@/devices/seen-mark.tsx'
import { SentenceActionButton } from '@/devices/sentence-action.tsx'
import { SharingMark } from '@/devices/sharing-mark.tsx'
import { formatRate } from '@/format/bytes.ts'
import { ProgressBar } from '@/ui/progress-bar.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import { deviceSentence } from '@/words/device-sentence.ts'
import { standingWords } from '@/words/standing-words.ts'
import { type ListedRow, progressOf, rateOf, useRow } from './fleet-cells.tsx'

/** A device on a phone. */
export function FleetCard({ listed }: { listed: ListedRow }) {
  const row = useRow(listed)
  const { text, action } = deviceSentence(row)
  const status = row.report?.status
  const home = homeOfRow(row)
  const rate = rateOf(row)
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <Link href={`/devices/${row.deviceId}`} prefetch={false} className="block truncate text-lg font-medium">
            {row.name}
          </Link>
          <p className="truncate text-ink-2">{row.project?.name ?? row.foreign?.projectName ?? 'no project'}</p>
        </div>
        <div className="flex flex-col items-end text-sm">
          <PresenceMark presence={row.presence} />
          <span className="text-ink-3">
            <SeenMark row={row} />
          </span>
        </div>
      </div>
      {row.sharingPause !== null && (
        <div>
          <SharingMark pause={row.sharingPause} />
        </div>
      )}
      <div className="flex items-center gap-2">
        <span className="flex min-w-0 flex-1 flex-col">
          <StateMark words={standingWords[standingOf(row)]} />
          <span className="pl-5.5 text-ink-2">{text}</span>
        </span>
        <SentenceActionButton action={action} deviceId={row.deviceId} deviceName={row.name} />
      </div>
      {status !== undefined && home !== null && home.totalCount > 0 && (
        <div className="flex items-center gap-3">
          <ProgressBar
            label={`Upload progress of ${row.name}`}
            total={status.bytes.captured}
            acknowledged={status.bytes.acknowledged}
            verified={home.homeBytes}
            inFlight={progressOf(row)?.bytesInFlight ?? 0}
          />
          <span className="shrink-0 text-sm text-ink-2">
            {home.homeCount} of {home.totalCount}
            {rate !== null && ` · ${formatRate(rate)}`}
          </span>
        </div>
      )}
    </div>
  )
}
