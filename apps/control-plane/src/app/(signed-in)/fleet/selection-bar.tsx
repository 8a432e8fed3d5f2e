'use client'
import { EyeOff, Hand, Play, RotateCw, X } from 'lucide-react'
import { useState } from 'react'
import { ClearQueueDialog } from '@/devices/clear-queue-dialog.tsx'
import { MoveDialog } from '@/devices/move-dialog.tsx'
import { PauseSharingDialog } from '@/devices/pause-sharing-dialog.tsx'
import { useSendCommand } from '@/devices/use-send-command.ts'
import { plural } from '@/format/bytes.ts'
import { Button, IconButton } from '@/ui/button.tsx'

/** What can be done with the selected devices. Sharing stands apart from the queue, so that nobody takes one for the other. */
export function SelectionBar({ deviceIds, onClear }: { deviceIds: readonly string[]; onClear: () => void }) {
  const { press, isSending } = useSendCommand()
  const [dialog, setDialog] = useState<'clear' | 'move' | 'sharing' | null>(null)
  const close = () => setDialog(null)
  return (
    <section
      aria-label="Selected devices"
      className="sticky bottom-4 z-20 mx-auto mt-4 flex w-fit max-w-full flex-wrap items-center gap-2 rounded-lg border border-line-strong bg-raised p-2 shadow-floating max-md:bottom-20"
    >
      <span className="px-2 font-medium">{plural(deviceIds.length, 'device')} selected</span>
      <Button disabled={isSending} onClick={() => void press(deviceIds, { kind: 'retryUploads', uploadIds: null })}>
        <RotateCw aria-hidden />
        Retry failed
      </Button>
      <Button disabled={isSending} onClick={() => void press(deviceIds, { kind: 'holdUploads' })}>
        <Hand aria-hidden className="text-hold" />
        Hold uploads
      </Button>
      <Button disabled={isSending} onClick={() => void press(deviceIds, { kind: 'releaseUploads', uploadIds: null })}>
        <Play aria-hidden />
        Release uploads
      </Button>
      <Button look="dangerQuiet" onClick={() => setDialog('clear')}>
        Clear queue…
      </Button>
      <span aria-hidden className="h-5 w-px bg-line" />
      <Button onClick={() => setDialog('move')}>Move…</Button>
      <Button onClick={() => setDialog('sharing')}>
        <EyeOff aria-hidden className="text-share" />
        Pause sharing…
      </Button>
      <IconButton label="Select nothing" onClick={onClear}>
        <X />
      </IconButton>
      <ClearQueueDialog deviceIds={deviceIds} open={dialog === 'clear'} onOpenChange={close} />
      <MoveDialog deviceIds={deviceIds} currentProjectId={null} open={dialog === 'move'} onOpenChange={close} />
      <PauseSharingDialog deviceIds={deviceIds} open={dialog === 'sharing'} onOpenChange={close} />
    </section>
  )
}
