'use client'
import type { LiveFleetRow } from '@rushes/api'
import type { FleetRow } from '@rushes/fleet'
import { standingOf } from '@rushes/upload-core'
import { homeOfRow } from '@/devices/home-of-row.ts'
import { PresenceMark } from '@/devices/presence-mark.tsx'
import { SeenMark } from '@/devices/seen-mark.tsx'
import { SentenceActionButton } from '@/devices/sentence-action.tsx'
import { formatBytes, formatCount, formatPercent, formatRate } from '@/format/bytes.ts'
import { etaMs, formatDuration } from '@/format/time.ts'
import { PageHeader } from '@/ui/page-header.tsx'
import { ProgressBar } from '@/ui/progress-bar.tsx'
import { StatePill } from '@/ui/state-mark.tsx'
import { deviceSentence } from '@/words/device-sentence.ts'
import { standingWords } from '@/words/standing-words.ts'

/** Who it is and how it stands, with the one thing to press. */
export function DeviceHead({ row }: { row: FleetRow | LiveFleetRow }) {
  const { text, detail, action } = deviceSentence(row)
  return (
    <>
      <PageHeader
        title={row.name}
        trail={[{ href: '/fleet', label: 'Fleet' }]}
        marks={
          <>
            <StatePill words={standingWords[standingOf(row)]} />
            <span className="flex items-center gap-1.5 text-ink-2">
              <PresenceMark presence={row.presence} />
              <span className="text-ink-3">
                <SeenMark row={row} />
              </span>
            </span>
          </>
        }
      />
      <section
        aria-label="How it stands"
        className="mb-5 flex flex-wrap items-center gap-x-8 gap-y-4 rounded-lg border border-line bg-surface px-4 py-3"
      >
        <div className="flex min-w-64 flex-1 items-center gap-3">
          <div className="min-w-0 flex-1">
            <p className="text-lg font-medium">{text}</p>
            <p className="text-ink-2">{detail}</p>
          </div>
          <SentenceActionButton action={action} deviceId={row.deviceId} deviceName={row.name} />
        </div>
        <Progress row={row} />
      </section>
    </>
  )
}

function Progress({ row }: { row: FleetRow | LiveFleetRow }) {
  const home = homeOfRow(row)
  if (row.report === null || home === null || home.totalCount === 0) return null
  const { bytes } = row.report.status
  const { homeCount, totalCount, homeBytes } = home
  const progress = 'progress' in row ? row.progress : null
  const rate = row.presence.state === 'online' ? (progress?.rateBytesPerSecond ?? null) : null
  const eta = rate === null ? null : etaMs(bytes.waiting, rate)
  return (
    <div className="flex w-full flex-col gap-2 md:w-96">
      <div className="flex justify-between gap-4">
        <span>
          <strong className="font-semibold">{formatCount(homeCount)}</strong> of {formatCount(totalCount)} clips home
        </span>
        <span className="text-ink-2">
          {formatBytes(bytes.acknowledged)} of {formatBytes(bytes.captured)}
        </span>
      </div>
      <ProgressBar
        label={`Upload progress of ${row.name}`}
        total={bytes.captured}
        acknowledged={bytes.acknowledged}
        verified={homeBytes}
        inFlight={progress?.bytesInFlight ?? 0}
        className="h-1.5"
      />
      <div className="flex justify-between gap-4 text-sm text-ink-2">
        <span>{formatPercent(bytes.acknowledged, bytes.captured)} acknowledged</span>
        <span data-testid="device-rate">
          {bytes.waiting > 0 && (rate === null ? 'no rate told just now' : formatRate(rate))}
          {eta !== null && ` · ${formatDuration(eta)} left`}
        </span>
      </div>
    </div>
  )
}
