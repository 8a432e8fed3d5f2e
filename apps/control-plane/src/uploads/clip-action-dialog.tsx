'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { formatBytes, plural } from '@/format/bytes.ts'
import { Notice } from '@/ui/notice.tsx'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import { Age } from '@/ui/time.tsx'
import { tellDone } from '@/ui/toasts.tsx'
import { actionWords, type ClipAction, describeAction } from './clip-action.ts'
import { type ActionableClip, planFor } from './send-to-clips.ts'

export type ChosenClips = { action: ClipAction; clips: readonly ActionableClip[]; isCutShort?: boolean }

const descriptions: Record<ClipAction, string> = {
  retryUploads: 'They are queued again with fresh tries, from where they stopped.',
  releaseUploads: 'They go into the queue and up as soon as it is their turn.',
  unblockUpload:
    'It was captured while sharing was paused. The destination is asked once more, with its true time of capture; where the pause still covers that, it is blocked again.',
}

/** Shows what a retry or a release touches, device by device, before it is sent. */
export function ClipActionDialog({
  chosen,
  onClose,
}: {
  chosen: ChosenClips | null
  onClose: (isSent: boolean) => void
}) {
  return chosen === null ? null : <OpenDialog chosen={chosen} onClose={onClose} />
}

function OpenDialog({ chosen, onClose }: { chosen: ChosenClips; onClose: (isSent: boolean) => void }) {
  const api = useApi()
  const queries = useQueryClient()
  const { action, clips } = chosen
  const plan = useMemo(() => planFor(action, clips), [action, clips])
  const deviceIds = plan.devices.map((device) => device.deviceId)
  const preview = useQuery(
    api.fleet.preview.queryOptions(
      { kind: action, deviceIds: deviceIds.slice(0, 1_000) },
      { enabled: deviceIds.length > 0 },
    ),
  )
  const send = useMutation(api.commands.send.mutationOptions())
  const sendAll = async (reason: string) => {
    let skippedCount = 0
    for (const { commandId, deviceId, uploadIds } of plan.orders) {
      const [uploadId = ''] = uploadIds
      const command =
        action === 'unblockUpload' ? { kind: action, uploadId, reason } : ({ kind: action, uploadIds } as const)
      const sent = await send.mutateAsync({ commandId, deviceIds: [deviceId], command })
      if (sent.kind === 'enqueued') skippedCount += sent.skipped.length
    }
    tellDone(
      `${actionWords[action].done} sent to ${plural(plan.devices.length - skippedCount, 'device')}`,
      'Commands shows what each of them did.',
    )
    void queries.invalidateQueries()
    onClose(true)
  }
  const offline = new Set((preview.data?.devices ?? []).filter((one) => !one.isOnline).map((one) => one.deviceId))
  const told = new Map((preview.data?.devices ?? []).map((one) => [one.deviceId, one]))
  return (
    <ReasonDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose(false)
      }}
      title={describeAction(action, plan.clipCount)}
      description={descriptions[action]}
      confirmLabel={describeAction(action, plan.clipCount)}
      isReasonNeeded={action === 'unblockUpload'}
      isReady={action === 'unblockUpload' ? plan.clipCount === 1 : plan.clipCount > 0}
      onConfirm={sendAll}
    >
      <div>
        <p className="mb-2">
          {plural(plan.clipCount, 'clip')} on {plural(plan.devices.length, 'device')}, {formatBytes(plan.byteCount)} to
          go
        </p>
        <ul
          aria-label="Devices that are told"
          className="max-h-60 divide-y divide-line overflow-y-auto rounded-md border border-line"
        >
          {plan.devices.map((device) => (
            <li key={device.deviceId} className="flex flex-wrap items-baseline gap-x-3 px-3 py-2">
              <span className="min-w-0 flex-1 truncate font-medium">{device.name}</span>
              <span className="text-ink-2">
                {plural(device.clipCount, 'clip')} · {formatBytes(device.byteCount)}
              </span>
              <span className="basis-full text-sm text-ink-2">
                {preview.isPending
                  ? 'Looking whether it is in reach …'
                  : preview.isError
                    ? 'Whether it is in reach is not known just now.'
                    : offline.has(device.deviceId)
                      ? 'Out of reach: it is told when it comes back.'
                      : told.has(device.deviceId)
                        ? 'In reach.'
                        : 'Takes no commands: it is left out.'}{' '}
                {told.get(device.deviceId)?.asOf != null && (
                  <>
                    Its account is from <Age iso={told.get(device.deviceId)?.asOf ?? ''} suffix="ago" />.
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      </div>
      {action === 'releaseUploads' && (
        <Notice tone="hold">
          Release also ends the hold on uploads of {plan.devices.length === 1 ? 'this device' : 'these devices'}, if
          there is one: everything queued there goes up.
        </Notice>
      )}
      {plan.leftOutCount > 0 && (
        <p className="text-ink-2">
          {plural(plan.leftOutCount, 'other clip')} of your choice {plan.leftOutCount === 1 ? 'is' : 'are'} left as{' '}
          {plan.leftOutCount === 1 ? 'it is' : 'they are'}: {actionWords[action].label} does nothing for{' '}
          {plan.leftOutCount === 1 ? 'it' : 'them'}.
        </p>
      )}
      {chosen.isCutShort === true && (
        <p className="text-ink-2">There are more; these are the newest. Do it again for the rest.</p>
      )}
    </ReasonDialog>
  )
}
