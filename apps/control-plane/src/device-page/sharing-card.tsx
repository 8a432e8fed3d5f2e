'use client'
import type { LiveFleetRow } from '@rushes/api'
import type { DeviceDetail, FleetRow } from '@rushes/fleet'
import { EyeOff } from 'lucide-react'
import { useState } from 'react'
import { PauseSharingDialog, useResumeSharing } from '@/devices/pause-sharing-dialog.tsx'
import { formatDuration } from '@/format/time.ts'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Button } from '@/ui/button.tsx'
import { Card } from '@/ui/card.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Instant } from '@/ui/time.tsx'

/** Which channels never upload what they capture now, and earlier pauses. */
export function SharingCard({ row, detail }: { row: FleetRow | LiveFleetRow; detail: DeviceDetail | null }) {
  const mayOperate = useMayOperate()
  const [isPausing, setPausing] = useState(false)
  const resume = useResumeSharing()
  const open = openPauses(row, detail)
  const past = (detail?.pauseWindows ?? []).filter((window) => window.endedAt !== null).slice(0, 3)
  const isPausedWhole = open.some(({ channel }) => channel === null)
  return (
    <Card
      title="Sharing"
      actions={
        mayOperate &&
        (isPausedWhole ? (
          <Button size="sm" disabled={resume.isPending} onClick={() => resume.mutate({ deviceId: row.deviceId })}>
            Resume sharing
          </Button>
        ) : (
          <Button size="sm" onClick={() => setPausing(true)}>
            <EyeOff aria-hidden className="text-share" />
            Pause sharing…
          </Button>
        ))
      }
    >
      <div className="flex flex-col gap-3 px-4 py-3">
        {open.length === 0 && <p className="text-ink-2">What is captured goes to the project.</p>}
        {open.map(({ channel, since, by, reason }) => (
          <Notice key={channel ?? 'all'} tone="share" icon={EyeOff}>
            {channel === null ? 'Sharing paused' : `Sharing of channel ${channel} paused`} by {by} at{' '}
            <Instant iso={since} />: clips {channel === null ? '' : 'of this channel '}from then on will never upload.
            {reason !== null && <span className="block text-ink-2">“{reason}”</span>}
            {mayOperate && channel !== null && (
              <Button
                size="sm"
                className="mt-2"
                disabled={resume.isPending}
                onClick={() => resume.mutate({ deviceId: row.deviceId, channel })}
              >
                Resume channel {channel}
              </Button>
            )}
          </Notice>
        ))}
        {past.length > 0 && (
          <ul aria-label="Earlier pauses" className="text-sm text-ink-2">
            {past.map((window) => (
              <li key={window.id}>
                {window.channel === null ? 'Paused' : `Channel ${window.channel} paused`}{' '}
                <Instant iso={window.startedAt} /> for{' '}
                {formatDuration(Date.parse(window.endedAt ?? window.startedAt) - Date.parse(window.startedAt))} by{' '}
                {window.startedBy}
              </li>
            ))}
          </ul>
        )}
      </div>
      <PauseSharingDialog deviceIds={[row.deviceId]} open={isPausing} onOpenChange={setPausing} />
    </Card>
  )
}

type Pause = NonNullable<FleetRow['sharingPause']>

/** The pause of the whole device first. The live row knows one of them, at once; the page's own reading knows all. */
function openPauses(row: FleetRow, detail: DeviceDetail | null): Pause[] {
  if (row.sharingPause === null) return []
  const others = (detail?.pauseWindows ?? [])
    .filter(({ endedAt, channel }) => endedAt === null && channel !== row.sharingPause?.channel)
    .map(({ startedAt, startedBy, reason, channel }) => ({ since: startedAt, by: startedBy, reason, channel }))
  return [row.sharingPause, ...others]
}
