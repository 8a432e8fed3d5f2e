'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { EyeOff } from 'lucide-react'
import { useApi } from '@/api-client/api-provider.tsx'
import { Notice } from '@/ui/notice.tsx'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import { tellDone } from '@/ui/toasts.tsx'

/** Pauses sharing on every device that is in the project now. */
export function PauseProjectDialog({
  project,
  open,
  onOpenChange,
}: {
  project: { id: string; name: string }
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  const queries = useQueryClient()
  const pause = useMutation(useApi().projects.pauseSharing.mutationOptions())
  const pauseAll = async (reason: string) => {
    await pause.mutateAsync({ projectId: project.id, reason })
    tellDone(`Sharing is paused on every device of ${project.name}`)
    await queries.invalidateQueries()
  }
  return (
    <ReasonDialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Pause sharing in ${project.name}`}
      description="On every device that is in the project now."
      confirmLabel="Pause sharing"
      look="share"
      onConfirm={pauseAll}
    >
      <Notice tone="share" icon={EyeOff}>
        What they capture from now until you resume <strong className="font-semibold">never uploads</strong>, not later
        either. Clips captured before go on as usual.
      </Notice>
    </ReasonDialog>
  )
}
