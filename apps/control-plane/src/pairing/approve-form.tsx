'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CircleCheck } from 'lucide-react'
import { useId, useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { newProjectChoice, ProjectSelect } from '@/projects/project-select.tsx'
import { Button, ButtonLink } from '@/ui/button.tsx'
import { FailureNotice, failureWords } from '@/ui/failure.tsx'
import { inputClass, TextField } from '@/ui/field.tsx'
import { Notice } from '@/ui/notice.tsx'
import { codeLength, digitsOf } from './pairing-code.ts'

export function ApproveForm({
  initialCode,
  initialProjectId,
  onAgain,
}: {
  initialCode: string
  initialProjectId: string
  onAgain: () => void
}) {
  const api = useApi()
  const queries = useQueryClient()
  const codeId = useId()
  const [code, setCode] = useState(digitsOf(initialCode))
  const [chosenId, setProjectId] = useState<string | null>(initialProjectId === '' ? null : initialProjectId)
  const projects = useQuery(api.projects.list.queryOptions({}))
  const [only, ...others] = projects.data ?? []
  // Where there is none or one, nobody has to choose.
  const obvious = only === undefined ? newProjectChoice : others.length === 0 ? only.id : ''
  const projectId = chosenId ?? (projects.data === undefined ? '' : obvious)
  const [projectName, setProjectName] = useState('')
  const create = useMutation(api.projects.create.mutationOptions())
  const approve = useMutation(
    api.pairing.approve.mutationOptions({ onSuccess: () => void queries.invalidateQueries() }),
  )
  const isCreating = projectId === newProjectChoice
  const isComplete = code.length === codeLength && projectId !== '' && (!isCreating || projectName.trim() !== '')

  async function submit(): Promise<void> {
    let target = projectId
    const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone
    if (isCreating) {
      const project = await create.mutateAsync({ name: projectName, timezone })
      await queries.invalidateQueries({ queryKey: api.projects.list.queryKey() })
      target = project.id
      setProjectId(target)
    }
    await approve.mutateAsync({ userCode: code, projectId: target, timezone })
  }

  if (approve.data !== undefined) {
    const { deviceId, deviceName, projectName: into, pairedAgain, uploadTo } = approve.data
    return (
      <div className="flex flex-col gap-4" role="status">
        <Notice tone="ok" icon={CircleCheck}>
          <p className="font-medium">
            {deviceName} is in {into ?? uploadTo}
            {pairedAgain ? ' again' : ''}
          </p>
          <p className="text-ink-2">It fetches its credentials in a moment and appears in the fleet by itself.</p>
        </Notice>
        <div className="flex flex-wrap gap-2">
          <ButtonLink look="primary" href={`/devices/${deviceId}`}>
            Open {deviceName}
          </ButtonLink>
          <Button onClick={onAgain}>Add another device</Button>
        </div>
      </div>
    )
  }

  const failure = create.error ?? approve.error
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        submit().catch(() => undefined) // shown below, from the mutation that failed
      }}
    >
      <div className="flex flex-col gap-1">
        <label htmlFor={codeId} className="text-sm font-medium">
          Code on the device
        </label>
        <input
          id={codeId}
          value={code}
          onChange={(event) => setCode(digitsOf(event.target.value))}
          inputMode="numeric"
          autoComplete="one-time-code"
          placeholder="······"
          // biome-ignore lint/a11y/noAutofocus: the page has this one purpose
          autoFocus
          aria-describedby={`${codeId}-note`}
          className={`${inputClass} h-14! font-mono text-2xl! tracking-[0.4em] max-md:h-16!`}
        />
        <p id={`${codeId}-note`} className="text-sm text-ink-2">
          Six digits, good for two minutes.
        </p>
      </div>
      <ProjectSelect value={projectId} onChange={setProjectId} canCreate />
      {isCreating && (
        <TextField
          label="Name of the new project"
          value={projectName}
          onChange={(event) => setProjectName(event.target.value)}
          maxLength={120}
        />
      )}
      {failure !== null && <FailureNotice error={failure} />}
      {approve.isError && failureWords(approve.error).fault === 'projectNotTaken' && (
        <Button onClick={() => approve.mutate({ userCode: code, projectId: null })}>Let it in without a project</Button>
      )}
      <Button look="primary" type="submit" disabled={!isComplete || create.isPending || approve.isPending}>
        {approve.isPending ? 'Letting it in …' : 'Let the device in'}
      </Button>
    </form>
  )
}
