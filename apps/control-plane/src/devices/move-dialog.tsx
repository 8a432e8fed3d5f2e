'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { plural } from '@/format/bytes.ts'
import { SelectField } from '@/ui/field.tsx'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import { tellDone } from '@/ui/toasts.tsx'
import { PreviewList, usePreview } from './command-preview.tsx'

/** Moves devices to another project, after showing what their queues lose by it. `toProjectId` fixes the project. */
export function MoveDialog({
  deviceIds,
  currentProjectId,
  toProjectId,
  open,
  onOpenChange,
}: {
  deviceIds: readonly string[]
  /** The one that all of them are in, so that it is not offered; null: none, or several. */
  currentProjectId: string | null
  toProjectId?: string
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  const api = useApi()
  const queries = useQueryClient()
  const [chosen, setChosen] = useState('')
  const projects = useQuery({ ...api.projects.list.queryOptions({}), enabled: open })
  const preview = usePreview('assignProject', deviceIds, open)
  const assign = useMutation(api.devices.assign.mutationOptions())
  const target = toProjectId ?? chosen
  const choices = (projects.data ?? []).filter((project) => project.id !== currentProjectId)
  const targetName = projects.data?.find((project) => project.id === target)?.name ?? 'the project'

  const move = async (reason: string) => {
    // One after the other: a refusal stops the rest, and what was done is told by the pages themselves.
    for (const deviceId of deviceIds) await assign.mutateAsync({ deviceId, projectId: target, reason })
    tellDone(
      `${plural(deviceIds.length, 'device')} moved to ${targetName}`,
      'Each confirms with a receipt of what it cleared.',
    )
    await queries.invalidateQueries()
  }

  return (
    <ReasonDialog
      open={open}
      onOpenChange={onOpenChange}
      title={deviceIds.length === 1 ? 'Move to another project' : `Move ${deviceIds.length} devices to another project`}
      description="A queue belongs to its project: what is not uploaded yet is cleared on the device before it sends anything to the new one. The files stay where they are."
      confirmLabel="Move"
      look="danger"
      isReady={target !== '' && preview.data !== undefined}
      {...(deviceIds.length > 1 ? { countToType: deviceIds.length } : {})}
      onConfirm={move}
    >
      {toProjectId === undefined && (
        <SelectField
          label="Project"
          value={chosen}
          onChange={(event) => setChosen(event.target.value)}
          choices={[
            { value: '', label: projects.data === undefined ? 'Loading projects' : 'Choose a project' },
            ...choices.map((project) => ({ value: project.id, label: project.name })),
          ]}
        />
      )}
      <PreviewList kind="assignProject" preview={preview} />
    </ReasonDialog>
  )
}
