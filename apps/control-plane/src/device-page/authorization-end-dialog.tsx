'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { localInstant, parseLocalInstant } from '@/format/local-instant.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { TextArea, TextField } from '@/ui/field.tsx'
import { Notice } from '@/ui/notice.tsx'
import { useNowMs } from '@/ui/use-now.ts'
import { useUndoable } from '@/ui/use-undoable.ts'

type Props = {
  device: { id: string; name: string }
  /** Null: it may act for as long as it is paired. */
  endsAt: string | null
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Says until when a device may act. */
export function AuthorizationEndDialog(props: Props) {
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={`Until when may ${props.device.name} act?`}
      description="From then on it is refused, and uploads that are not whole are ended. Moving the end lets it go on; one that has given up meanwhile is paired again."
    >
      {/* Mounted anew each time, with what is set by then. */}
      <Form {...props} />
    </Dialog>
  )
}

function Form({ device, endsAt, onOpenChange }: Props) {
  const api = useApi()
  const queries = useQueryClient()
  const nowMs = useNowMs() ?? Date.now()
  const [hasEnd, setHasEnd] = useState(true)
  const [text, setText] = useState(() => localInstant(endsAt === null ? nowMs + weekMs : Date.parse(endsAt)))
  const [reason, setReason] = useState('')
  const set = useMutation(api.devices.setAuthorizationExpiry.mutationOptions())
  const chosen = parseLocalInstant(text)
  const isPast = hasEnd && chosen !== null && chosen.getTime() <= nowMs
  const isComplete = !hasEnd || chosen !== null
  const expiresAt = hasEnd ? (chosen?.toISOString() ?? null) : null

  const tellUndoable = useUndoable()
  const restore = async () => {
    await set.mutateAsync({ deviceId: device.id, expiresAt: endsAt })
    return 'The end is as it was before'
  }
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isComplete || set.isPending) return
        set.mutate(
          { deviceId: device.id, expiresAt, reason: reason.trim() === '' ? null : reason.trim() },
          {
            onSuccess: () => {
              const until =
                expiresAt === null ? 'for as long as it is paired' : `until ${new Date(expiresAt).toLocaleString()}`
              tellUndoable('The end is set', `${device.name} may act ${until}.`, restore)
              void queries.invalidateQueries()
              onOpenChange(false)
            },
          },
        )
      }}
    >
      <label className="flex items-start gap-2">
        <input
          type="checkbox"
          checked={hasEnd}
          onChange={(event) => setHasEnd(event.target.checked)}
          className="mt-0.5 size-4 accent-accent"
        />
        <span>
          Its authorization ends
          <span className="block text-sm text-ink-2">Off: it may act for as long as it is paired.</span>
        </span>
      </label>
      {hasEnd && (
        <TextField
          label="Ends"
          type="datetime-local"
          value={text}
          onChange={(event) => setText(event.target.value)}
          hint={`In your time zone, ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`}
          error={chosen === null ? 'Choose a day and a time.' : null}
          required
        />
      )}
      {isPast && <Notice tone="warn">This is over already: the device is refused at once.</Notice>}
      <TextArea
        label="Reason (optional)"
        hint="Kept in the activity, for those who ask later."
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        maxLength={500}
      />
      {set.isError && <FailureNotice error={set.error} />}
      <div className="flex justify-end gap-2 max-md:flex-col-reverse">
        <Button onClick={() => onOpenChange(false)}>Cancel</Button>
        <Button type="submit" look={isPast ? 'danger' : 'primary'} disabled={!isComplete || set.isPending}>
          {hasEnd ? 'Set the end' : 'Take the end away'}
        </Button>
      </div>
    </form>
  )
}

const weekMs = 7 * 86_400_000
