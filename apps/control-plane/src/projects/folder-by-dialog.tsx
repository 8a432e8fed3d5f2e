'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { SelectField } from '@/ui/field.tsx'
import { useUndoable } from '@/ui/use-undoable.ts'

export type FolderBy = 'capture' | 'upload'

export const folderChoices = [
  { value: 'capture', label: 'the day it was captured' },
  { value: 'upload', label: 'the day it was uploaded' },
]

type Props = {
  project: { id: string; name: string }
  folderBy: FolderBy
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Chooses which day names the folder of clips from now on. */
export function FolderByDialog(props: Props) {
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title="How clips are filed"
      description={`In ${props.project.name}. It holds for clips that begin to arrive from now on; those that are here or on their way stay in their folders.`}
    >
      {/* Mounted anew each time, with what is set by then. */}
      <Form {...props} />
    </Dialog>
  )
}

function Form({ project, folderBy, onOpenChange }: Props) {
  const api = useApi()
  const queries = useQueryClient()
  const [chosen, setChosen] = useState(folderBy)
  const set = useMutation(api.projects.setFolderBy.mutationOptions())
  const tellUndoable = useUndoable()
  const restore = async () => {
    await set.mutateAsync({ projectId: project.id, folderBy })
    return 'Filed as before'
  }
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        set.mutate(
          { projectId: project.id, folderBy: chosen },
          {
            onSuccess: () => {
              const day = chosen === 'capture' ? 'capture' : 'upload'
              tellUndoable('Filing is changed', `New clips are filed by the day of their ${day}.`, restore)
              void queries.invalidateQueries()
              onOpenChange(false)
            },
          },
        )
      }}
    >
      <SelectField
        label="A clip is filed under"
        value={chosen}
        onChange={(event) => setChosen(event.target.value === 'upload' ? 'upload' : 'capture')}
        choices={folderChoices}
      />
      {set.isError && <FailureNotice error={set.error} />}
      <div className="flex justify-end gap-2 max-md:flex-col-reverse">
        <Button onClick={() => onOpenChange(false)}>Cancel</Button>
        <Button type="submit" look="primary" disabled={chosen === folderBy || set.isPending}>
          File so from now on
        </Button>
      </div>
    </form>
  )
}
