'use client'
import type { Retention } from '@rushes/fleet'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { formatBytes, plural } from '@/format/bytes.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { TextField } from '@/ui/field.tsx'
import { Notice } from '@/ui/notice.tsx'
import { tellDone } from '@/ui/toasts.tsx'

const maxDays = 3_650

type Props = {
  project: { id: string; name: string }
  retention: Retention
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Sets how long a project keeps its trash and, if one wants that, its clips; shows first what that does at once. */
export function RetentionDialog(props: Props) {
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title="How long things are kept"
      description={`In ${props.project.name}.`}
    >
      {/* Mounted anew each time, with what is set by then. */}
      <Form {...props} />
    </Dialog>
  )
}

function Form({ project, retention, onOpenChange }: Props) {
  const api = useApi()
  const queries = useQueryClient()
  const [trashText, setTrashText] = useState(String(retention.trashDays))
  const [hasAge, setHasAge] = useState(retention.clipDays !== null)
  const [clipText, setClipText] = useState(String(retention.clipDays ?? 365))
  const [typedCount, setTypedCount] = useState('')
  const trashDays = daysOf(trashText)
  const clipDays = hasAge ? daysOf(clipText) : null
  const isComplete = trashDays !== null && (!hasAge || clipDays !== null)
  const preview = useQuery(
    api.trash.previewRetention.queryOptions(
      { projectId: project.id, trashDays: trashDays ?? 1, clipDays },
      { enabled: isComplete, placeholderData: keepPreviousData },
    ),
  )
  const set = useMutation(
    api.trash.setRetention.mutationOptions({
      onSuccess: () => {
        tellDone('Retention is set')
        void queries.invalidateQueries()
        onOpenChange(false)
      },
    }),
  )
  const { removed, trashed } = preview.data ?? {}
  const removedCount = isComplete ? (removed?.clipCount ?? 0) : 0
  const isConfirmed = removedCount === 0 || typedCount.trim() === String(removedCount)
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (trashDays !== null && isComplete && isConfirmed) set.mutate({ projectId: project.id, trashDays, clipDays })
      }}
    >
      <TextField
        label="Days in the trash"
        inputMode="numeric"
        autoComplete="off"
        value={trashText}
        onChange={(event) => setTrashText(event.target.value)}
        hint="After them a clip is removed for good."
        error={trashDays === null ? wrongDays : null}
      />
      <label className="flex items-start gap-2">
        <input
          type="checkbox"
          checked={hasAge}
          onChange={(event) => setHasAge(event.target.checked)}
          className="mt-0.5 size-4 accent-accent"
        />
        <span>
          Move clips to the trash by their age
          <span className="block text-sm text-ink-2">Off: clips stay until somebody moves them there.</span>
        </span>
      </label>
      {hasAge && (
        <TextField
          label="Days after a clip has arrived"
          inputMode="numeric"
          autoComplete="off"
          value={clipText}
          onChange={(event) => setClipText(event.target.value)}
          hint="A clip that is restored is counted anew from then."
          error={clipDays === null ? wrongDays : null}
        />
      )}
      {removed !== undefined && removedCount > 0 && (
        <>
          <Notice tone="bad">
            {plural(removedCount, 'clip')} in the trash, {formatBytes(removed.byteCount)}, would be{' '}
            <strong className="font-semibold">removed for good</strong> within minutes.
          </Notice>
          <TextField
            label={`Type ${removedCount} to confirm`}
            inputMode="numeric"
            autoComplete="off"
            value={typedCount}
            onChange={(event) => setTypedCount(event.target.value)}
          />
        </>
      )}
      {isComplete && trashed !== undefined && trashed.clipCount > 0 && (
        <Notice tone="warn">
          {plural(trashed.clipCount, 'clip')}, {formatBytes(trashed.byteCount)}, would go into the trash within minutes.
        </Notice>
      )}
      {preview.isError && <FailureNotice error={preview.error} onRetry={() => void preview.refetch()} />}
      {set.isError && <FailureNotice error={set.error} />}
      <div className="flex justify-end gap-2 max-md:flex-col-reverse">
        <Button onClick={() => onOpenChange(false)}>Cancel</Button>
        <Button
          type="submit"
          look={removedCount > 0 ? 'danger' : 'primary'}
          disabled={!isComplete || !isConfirmed || preview.isPending || preview.isPlaceholderData || set.isPending}
        >
          Set
        </Button>
      </div>
    </form>
  )
}

const wrongDays = `Take 1 to ${maxDays.toLocaleString('en')} whole days.`

function daysOf(text: string): number | null {
  const days = /^\d{1,4}$/.test(text.trim()) ? Number(text) : Number.NaN
  return days >= 1 && days <= maxDays ? days : null
}
