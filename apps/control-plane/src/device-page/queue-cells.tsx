'use client'
import type { UploadProgressRow } from '@rushes/api'
import type { UploadRow } from '@rushes/fleet'
import { groupOfState } from '@rushes/upload-core'
import Link from 'next/link'
import { useSendCommand } from '@/devices/use-send-command.ts'
import { formatBytes, formatPercent } from '@/format/bytes.ts'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Button } from '@/ui/button.tsx'
import type { Column } from '@/ui/data-table.tsx'
import { ProgressBar } from '@/ui/progress-bar.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import { Age, Instant } from '@/ui/time.tsx'
import { actionWords, clipActionOf } from '@/uploads/clip-action.ts'
import { whyOf } from '@/uploads/why.ts'
import { custodyOf, wordsForClip } from '@/uploads/words-for-clip.ts'

export type QueueContext = {
  deviceId: string
  /** The device's project now; null without one, or where the destination names it. */
  projectId: string | null
  progress: ReadonlyMap<string, UploadProgressRow>
  /** Asks for the reason without which a blocked clip is not offered again. */
  onOfferAgain: (upload: UploadRow) => void
}

export function queueColumns(context: QueueContext): readonly Column<UploadRow>[] {
  return [
    { key: 'name', header: 'Clip', width: '29%', cell: (upload) => <ClipName upload={upload} context={context} /> },
    { key: 'state', header: 'State', cell: (upload) => <ClipState upload={upload} context={context} /> },
    {
      key: 'progress',
      header: 'Progress',
      width: '11.5rem',
      cell: (upload) => <ClipProgress upload={upload} context={context} />,
    },
    {
      key: 'captured',
      header: 'Captured',
      width: '6.5rem',
      isFigure: true,
      from: 'lg',
      cell: (upload) =>
        upload.capturedAt === null ? <span className="text-ink-3">unknown</span> : <Instant iso={upload.capturedAt} />,
    },
  ]
}

const nameOf = (path: string) => path.split(/[/\\]/).at(-1) ?? path
const folderOf = (path: string) => path.slice(0, Math.max(0, path.length - nameOf(path).length - 1))

function ClipName({ upload, context }: { upload: UploadRow; context: QueueContext }) {
  const isOfFormer = context.projectId !== null && upload.projectId !== null && upload.projectId !== context.projectId
  const name = nameOf(upload.path)
  return (
    <span className="flex min-w-0 flex-col" title={upload.path}>
      {upload.assetId !== null && isUuid(upload.assetId) ? (
        <Link
          href={`/clips/${upload.assetId}`}
          prefetch={false}
          className="truncate rounded-sm font-medium hover:underline"
        >
          {name}
        </Link>
      ) : (
        <span className="truncate font-medium">{name}</span>
      )}
      <span className="truncate text-sm text-ink-3">
        {isOfFormer && 'former project · '}
        {folderOf(upload.path)}
      </span>
    </span>
  )
}

/** A foreign destination's assets have no page here. */
const isUuid = (id: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)

function ClipState({ upload, context }: { upload: UploadRow; context: QueueContext }) {
  // The state of a growing file says all that its reason would.
  const why = upload.state === 'growing' ? null : whyOf({ ...upload, custody: custodyOf(upload) })
  const tries = upload.attempts > 1 ? `tried ${upload.attempts} times` : null
  const detail = [
    why?.title,
    upload.error !== null && upload.error.message !== why?.title ? upload.error.message : null,
    tries,
  ]
    .filter((part) => part !== null && part !== undefined && part !== '')
    .join(' · ')
  return (
    <span className="flex items-center gap-2">
      <span
        className="flex min-w-0 flex-1 flex-col"
        title={[why?.explanation, upload.error?.message].filter(Boolean).join(' ')}
      >
        <StateMark words={wordsForClip({ ...upload, custody: custodyOf(upload) })} />
        {(detail !== '' || upload.nextAttemptAt !== null) && (
          <span className="pl-5.5 text-sm text-ink-2 md:truncate">
            {detail}
            {upload.nextAttemptAt !== null && upload.state === 'waiting' && (
              <>
                {detail !== '' && ' · '}next try <Instant iso={upload.nextAttemptAt} />
              </>
            )}
          </span>
        )}
      </span>
      <ClipActionButton upload={upload} context={context} />
    </span>
  )
}

function ClipActionButton({ upload, context }: { upload: UploadRow; context: QueueContext }) {
  const mayOperate = useMayOperate()
  const { press, isSending } = useSendCommand()
  const kind = clipActionOf({ ...upload, uploadId: upload.id })
  if (!mayOperate || kind === null) return null
  return (
    <Button
      size="sm"
      disabled={isSending}
      aria-label={`${actionWords[kind].label} ${nameOf(upload.path)}`}
      onClick={() =>
        kind === 'unblockUpload'
          ? context.onOfferAgain(upload)
          : void press([context.deviceId], { kind, uploadIds: [upload.id] })
      }
    >
      {actionWords[kind].label}
    </Button>
  )
}

function ClipProgress({ upload, context }: { upload: UploadRow; context: QueueContext }) {
  const group = groupOfState[upload.state]
  const told = context.progress.get(upload.id)
  const isNewer = told !== undefined && told.receivedAt >= upload.receivedAt && group === 'moving'
  const acknowledged = isNewer ? Math.max(told.bytesAcknowledged, upload.bytesAcknowledged) : upload.bytesAcknowledged
  const size = upload.sizeBytes
  if (group === 'home') return <span className="text-ink-2">{formatBytes(size)}</span>
  if (group === 'leftOut' || upload.state === 'growing') return <span className="text-ink-3">{formatBytes(size)}</span>
  return (
    <span className="flex flex-col gap-1.5">
      <ProgressBar
        label={`Progress of ${nameOf(upload.path)}`}
        total={size}
        acknowledged={acknowledged}
        inFlight={isNewer ? told.bytesInFlight : 0}
      />
      <span className="flex justify-between gap-2 text-sm text-ink-2">
        <span>
          {formatPercent(acknowledged, size)}
          {upload.partsTotal > 0 && (
            <span className="text-ink-3">
              {' '}
              · {isNewer ? told.partsDone : upload.partsDone}/{upload.partsTotal} parts
            </span>
          )}
        </span>
        <span className="text-ink-3">{formatBytes(size)}</span>
      </span>
    </span>
  )
}

export function QueueCard({ upload, context }: { upload: UploadRow; context: QueueContext }) {
  return (
    <div className="flex flex-col gap-2">
      <ClipName upload={upload} context={context} />
      <ClipState upload={upload} context={context} />
      <div className="flex items-center gap-3">
        <div className="min-w-0 flex-1">
          <ClipProgress upload={upload} context={context} />
        </div>
        {upload.capturedAt !== null && (
          <span className="text-sm text-ink-3">
            <Age iso={upload.capturedAt} suffix="ago" />
          </span>
        )}
      </div>
    </div>
  )
}
