'use client'
import type { TrashSummary } from '@rushes/fleet'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { useApi } from '@/api-client/api-provider.tsx'
import { formatBytes, plural } from '@/format/bytes.ts'
import { Notice } from '@/ui/notice.tsx'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import { tellDone } from '@/ui/toasts.tsx'

/** Removes for good what is in the trash: asks for the reason and the count. */
export function EmptyDialog({
  project,
  trash,
  open,
  onOpenChange,
}: {
  project: { id: string; name: string }
  trash: TrashSummary
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  const queries = useQueryClient()
  const empty = useMutation(useApi().trash.empty.mutationOptions())
  const { clipCount, byteCount, asOf } = trash
  return (
    <ReasonDialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Empty the trash of ${project.name}`}
      description={`${plural(clipCount, 'clip')}, ${formatBytes(byteCount)}. What comes into the trash from now on stays.`}
      confirmLabel={`Remove ${plural(clipCount, 'clip')} for good`}
      look="danger"
      countToType={clipCount}
      isReady={clipCount > 0}
      onConfirm={async (reason) => {
        try {
          const { removingCount, leftCount } = await empty.mutateAsync({
            projectId: project.id,
            clipCount,
            asOf,
            reason,
          })
          tellDone(
            `${plural(removingCount, 'clip')} ${removingCount === 1 ? 'is' : 'are'} being removed`,
            leftCount === 0 ? undefined : `${plural(leftCount, 'clip')} stay until they are checked.`,
          )
        } finally {
          await queries.invalidateQueries() // refused because the trash has changed: then show how
        }
      }}
    >
      <Notice tone="bad" icon={Trash2}>
        Their bytes are removed from the store and <strong className="font-semibold">cannot be brought back</strong>.
        Digests and history stay. Devices are not asked to upload them again.
      </Notice>
    </ReasonDialog>
  )
}
