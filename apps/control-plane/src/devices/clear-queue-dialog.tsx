'use client'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import { PreviewList, usePreview } from './command-preview.tsx'
import { useSendCommand } from './use-send-command.ts'

/** Clears what is not uploaded yet, on one device or many, after showing how much that is. */
export function ClearQueueDialog({
  deviceIds,
  open,
  onOpenChange,
}: {
  deviceIds: readonly string[]
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  const preview = usePreview('clearQueue', deviceIds, open)
  const { send } = useSendCommand()
  return (
    <ReasonDialog
      open={open}
      onOpenChange={onOpenChange}
      title={deviceIds.length === 1 ? 'Clear the queue' : `Clear the queue of ${deviceIds.length} devices`}
      description="What is not uploaded yet leaves the queue. The files stay where they are on the device, and no clip that has arrived is touched. At the device, rushes-agent restore takes cleared clips back."
      confirmLabel="Clear queue"
      look="danger"
      isReady={preview.data !== undefined}
      {...(deviceIds.length > 1 ? { countToType: deviceIds.length } : {})}
      onConfirm={(reason) => send(deviceIds, { kind: 'clearQueue', reason })}
    >
      <PreviewList kind="clearQueue" preview={preview} />
    </ReasonDialog>
  )
}
