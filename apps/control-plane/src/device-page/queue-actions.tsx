'use client'
import type { FleetRow } from '@rushes/fleet'
import { Eraser, Hand, Play, RotateCw } from 'lucide-react'
import { useState } from 'react'
import { ClearQueueDialog } from '@/devices/clear-queue-dialog.tsx'
import { useSendCommand } from '@/devices/use-send-command.ts'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Button } from '@/ui/button.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Instant } from '@/ui/time.tsx'

/** What can be done with the queue as a whole. Sharing is not here on purpose: it is about capture, not about the queue. */
export function QueueActions({ row }: { row: FleetRow }) {
  const mayOperate = useMayOperate()
  const { press, isSending } = useSendCommand()
  const [isClearing, setClearing] = useState(false)
  const hold = row.report?.status.hold ?? null
  const takesCommands = row.isOurAgent && row.presence.state !== 'revoked'
  const holdNotice = hold !== null && (
    <Notice tone="hold" icon={Hand}>
      Uploads are on hold since <Instant iso={hold.since} />, set{' '}
      {hold.by === 'operator' ? 'by an operator' : 'on the device'}. The queue waits and goes up after release.
    </Notice>
  )
  if (!mayOperate || !takesCommands) return <div className="pb-2">{holdNotice}</div>
  const failedCount = row.report?.status.counts.failed ?? 0
  return (
    <div className="flex flex-col gap-2 pb-2">
      {holdNotice}
      <div className="flex flex-wrap gap-2">
        {hold === null ? (
          <Button disabled={isSending} onClick={() => void press([row.deviceId], { kind: 'holdUploads' })}>
            <Hand aria-hidden className="text-hold" />
            Hold uploads
          </Button>
        ) : (
          <Button
            disabled={isSending}
            onClick={() => void press([row.deviceId], { kind: 'releaseUploads', uploadIds: null })}
          >
            <Play aria-hidden className="text-hold" />
            Release uploads
          </Button>
        )}
        <Button
          disabled={isSending || failedCount === 0}
          onClick={() => void press([row.deviceId], { kind: 'retryUploads', uploadIds: null })}
        >
          <RotateCw aria-hidden />
          Retry all failed
        </Button>
        <Button look="dangerQuiet" onClick={() => setClearing(true)}>
          <Eraser aria-hidden />
          Clear queue…
        </Button>
      </div>
      <ClearQueueDialog deviceIds={[row.deviceId]} open={isClearing} onOpenChange={setClearing} />
    </div>
  )
}
