'use client'
import { useQuery } from '@tanstack/react-query'
import { useApi } from '@/api-client/api-provider.tsx'
import { SelectField } from '@/ui/field.tsx'

export const newProjectChoice = 'new'

/** Picks one of the projects; with `canCreate`, also "New project…". */
export function ProjectSelect({
  value,
  onChange,
  label = 'Project',
  leaveOut,
  canCreate = false,
  error,
}: {
  value: string
  onChange: (projectId: string) => void
  label?: string
  /** A project that makes no sense here, such as the one the device is in. */
  leaveOut?: string | null
  canCreate?: boolean
  error?: string | null
}) {
  const projects = useQuery(useApi().projects.list.queryOptions({}))
  const choices = (projects.data ?? [])
    .filter((project) => project.id !== leaveOut)
    .map((project) => ({ value: project.id, label: project.name }))
  return (
    <SelectField
      label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      disabled={projects.isPending}
      error={projects.isError ? 'The projects cannot be read just now.' : (error ?? null)}
      choices={[
        { value: '', label: projects.isPending ? 'Loading …' : 'Choose a project' },
        ...choices,
        ...(canCreate ? [{ value: newProjectChoice, label: 'New project…' }] : []),
      ]}
    />
  )
}
