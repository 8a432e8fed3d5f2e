'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { EyeOff } from 'lucide-react'
import { useApi } from '@/api-client/api-provider.tsx'
import { plural } from '@/format/bytes.ts'
import { Notice } from '@/ui/notice.tsx'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import { tellDone, tellFailure } from '@/ui/toasts.tsx'

/** Pauses sharing: says, so that nobody takes it for a hold, that what is captured meanwhile is never uploaded. */
export function PauseSharingDialog({
  deviceIds,
  open,
  onOpenChange,
}: {
  deviceIds: readonly string[]
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  const api = useApi()
  const queries = useQueryClient()
  const pause = useMutation(api.devices.pauseSharing.mutationOptions())
  const pauseAll = async (reason: string) => {
    for (const deviceId of deviceIds) await pause.mutateAsync({ deviceId, reason })
    tellDone(
      deviceIds.length === 1 ? 'Sharing is paused' : `Sharing is paused on ${plural(deviceIds.length, 'device')}`,
    )
    await queries.invalidateQueries()
  }
  return (
    <ReasonDialog
      open={open}
      onOpenChange={onOpenChange}
      title={deviceIds.length === 1 ? 'Pause sharing' : `Pause sharing on ${deviceIds.length} devices`}
      confirmLabel="Pause sharing"
      look="share"
      {...(deviceIds.length > 1 ? { countToType: deviceIds.length } : {})}
      onConfirm={pauseAll}
    >
      <Notice tone="share" icon={EyeOff}>
        What is captured from now until you resume <strong className="font-semibold">never uploads</strong>, not later
        either. Clips captured before go on as usual.
      </Notice>
    </ReasonDialog>
  )
}

/** Ends the pause; what was captured inside stays where it is. */
export function useResumeSharing() {
  const api = useApi()
  const queries = useQueryClient()
  return useMutation(
    api.devices.resumeSharing.mutationOptions({
      onSuccess: async () => {
        tellDone('Sharing is resumed', 'What was captured meanwhile stays on the device.')
        await queries.invalidateQueries()
      },
      onError: tellFailure,
    }),
  )
}
