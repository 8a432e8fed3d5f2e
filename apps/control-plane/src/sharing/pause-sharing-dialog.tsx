'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { EyeOff } from 'lucide-react'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { TextArea } from '@/ui/field.tsx'
import { Notice } from '@/ui/notice.tsx'
import { tellDone } from '@/ui/toasts.tsx'

type Props = {
  target: { kind: 'device' | 'project'; id: string; name: string }
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Pauses sharing of a device, or of every device that is in a project now. */
export function PauseSharingDialog(props: Props) {
  return props.open ? <OpenPauseSharingDialog key={props.target.id} {...props} /> : null
}

function OpenPauseSharingDialog({ target, open, onOpenChange }: Props) {
  const api = useApi()
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const onSuccess = () => {
    void queries.invalidateQueries()
    tellDone(`Sharing is paused on ${target.name}`)
    onOpenChange(false)
  }
  const pauseDevice = useMutation(api.devices.pauseSharing.mutationOptions({ onSuccess }))
  const pauseProject = useMutation(api.projects.pauseSharing.mutationOptions({ onSuccess }))
  const failure = pauseDevice.error ?? pauseProject.error
  const isPending = pauseDevice.isPending || pauseProject.isPending
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Pause sharing on ${target.name}`}
      description={target.kind === 'project' ? 'On every device that is in the project now.' : undefined}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button look="danger" type="submit" form="pause-sharing" disabled={reason.trim() === '' || isPending}>
            Pause sharing
          </Button>
        </>
      }
    >
      <form
        id="pause-sharing"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (target.kind === 'device') pauseDevice.mutate({ deviceId: target.id, reason })
          else pauseProject.mutate({ projectId: target.id, reason })
        }}
      >
        <Notice tone="share" icon={EyeOff}>
          <p className="font-medium">Clips captured from now until sharing is resumed will never upload.</p>
          <p className="text-ink-2">
            Not by a retry, not later. What was captured before is not touched; uploads that have begun are finished.
          </p>
        </Notice>
        <TextArea
          label="Reason"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          hint="Shown beside the device, and kept in the activity log."
          maxLength={500}
          required
        />
        {failure !== null && <FailureNotice error={failure} />}
      </form>
    </Dialog>
  )
}
