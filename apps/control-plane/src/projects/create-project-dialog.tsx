'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { SelectField, TextField } from '@/ui/field.tsx'
import { tellDone } from '@/ui/toasts.tsx'
import { folderChoices } from './folder-by-dialog.tsx'

export function CreateProjectDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const api = useApi()
  const queries = useQueryClient()
  const router = useRouter()
  const [name, setName] = useState('')
  const [timezone, setTimezone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone)
  const [folderBy, setFolderBy] = useState<'capture' | 'upload'>('capture')
  const create = useMutation(
    api.projects.create.mutationOptions({
      onSuccess: (project) => {
        void queries.invalidateQueries({ queryKey: api.projects.list.queryKey() })
        tellDone(`${project.name} is ready`)
        onOpenChange(false)
        router.push(`/projects/${project.id}`)
      },
    }),
  )
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="New project"
      description="Footage of a device goes into the project it was paired with, and nowhere else."
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button look="primary" type="submit" form="create-project" disabled={create.isPending || name.trim() === ''}>
            Create project
          </Button>
        </>
      }
    >
      <form
        id="create-project"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          create.mutate({ name, timezone, folderBy })
        }}
      >
        <TextField
          label="Name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={120}
          required
        />
        <TextField
          label="Time zone"
          value={timezone}
          onChange={(event) => setTimezone(event.target.value)}
          hint="Folders by day are counted in it, unless a device has its own."
          list="time-zones"
          required
        />
        <datalist id="time-zones">
          {Intl.supportedValuesOf('timeZone').map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
        <SelectField
          label="A clip is filed under"
          value={folderBy}
          onChange={(event) => setFolderBy(event.target.value === 'upload' ? 'upload' : 'capture')}
          choices={folderChoices}
        />
        {create.isError && <FailureNotice error={create.error} />}
      </form>
    </Dialog>
  )
}
