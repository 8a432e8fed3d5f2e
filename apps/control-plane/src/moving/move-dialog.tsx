'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowRightLeft } from 'lucide-react'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { formatBytes, plural } from '@/format/bytes.ts'
import { ProjectSelect } from '@/projects/project-select.tsx'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { TextArea } from '@/ui/field.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Age } from '@/ui/time.tsx'
import { tellDone } from '@/ui/toasts.tsx'

type Props = {
  device: { id: string; name: string }
  /** The project it is in now. */
  currentProjectId?: string | null
  /** The project to offer first. */
  projectId?: string
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Moves a device to another project, after showing what its fence will clear. */
export function MoveDialog(props: Props) {
  // Opened anew, it starts anew.
  return props.open ? <OpenMoveDialog key={props.device.id} {...props} /> : null
}

function OpenMoveDialog({ device, currentProjectId = null, projectId = '', open, onOpenChange }: Props) {
  const api = useApi()
  const queries = useQueryClient()
  const [target, setTarget] = useState(projectId)
  const [reason, setReason] = useState('')
  const preview = useQuery(
    api.fleet.preview.queryOptions({ kind: 'assignProject', deviceIds: [device.id] }, { refetchInterval: 5_000 }),
  )
  const assign = useMutation(
    api.devices.assign.mutationOptions({
      onSuccess: () => {
        void queries.invalidateQueries()
        tellDone(
          `${device.name} was moved`,
          'It clears its queue before it sends anything, and confirms with a receipt.',
        )
        onOpenChange(false)
      },
    }),
  )
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Move ${device.name}`}
      description="What it captures from now on goes into the project that you choose. What is queued for the old one does not."
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button
            look="danger"
            type="submit"
            form="move-device"
            disabled={target === '' || reason.trim() === '' || preview.data === undefined || assign.isPending}
          >
            Move device
          </Button>
        </>
      }
    >
      <form
        id="move-device"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          assign.mutate({ deviceId: device.id, projectId: target, reason })
        }}
      >
        <ProjectSelect label="New project" value={target} onChange={setTarget} leaveOut={currentProjectId} />
        <MovePreview preview={preview.data?.devices[0]} isPending={preview.isPending} error={preview.error} />
        <TextArea
          label="Reason"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          hint="Kept in the activity log."
          maxLength={500}
          required
        />
        {assign.isError && <FailureNotice error={assign.error} />}
      </form>
    </Dialog>
  )
}

type PreviewRow = { clipCount: number; byteCount: number; movingCount: number; isOnline: boolean; asOf: string | null }

/** What the move clears, by the device's last account, and how old that account is. */
function MovePreview({
  preview,
  isPending,
  error,
}: {
  preview: PreviewRow | undefined
  isPending: boolean
  error: unknown
}) {
  if (error !== null && error !== undefined) return <FailureNotice error={error} />
  if (isPending) return <div className="skeleton h-16" />
  if (preview === undefined)
    return <Notice tone="warn">This device cannot be moved from here: its destination names its project.</Notice>
  const { clipCount, byteCount, movingCount, asOf, isOnline } = preview
  return (
    <Notice tone={clipCount > 0 ? 'warn' : 'mute'} icon={ArrowRightLeft}>
      <p className="font-medium">
        {asOf === null
          ? 'It never told what is in its queue'
          : clipCount === 0
            ? 'Its queue is empty: nothing is cleared'
            : `${plural(clipCount, 'clip')} (${formatBytes(byteCount)}) will be cleared`}
      </p>
      <p className="text-ink-2">
        {movingCount > 0 && `${plural(movingCount, 'upload')} under way will be stopped. `}
        {clipCount > 0 && 'Cleared clips stay on the device and can be queued again when it is back. '}
        {!isOnline && 'It is out of reach: it clears when it comes back, before it sends anything. '}
        {asOf !== null && (
          <>
            As of <Age iso={asOf} suffix="ago" />.
          </>
        )}
      </p>
    </Notice>
  )
}
