'use client'
import { useQuery } from '@tanstack/react-query'
import { FolderOpen, Plus } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { plural } from '@/format/bytes.ts'
import { useRefreshOnChange } from '@/live/live-provider.tsx'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Button } from '@/ui/button.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { EmptyState } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { Instant } from '@/ui/time.tsx'
import { CreateProjectDialog } from './create-project-dialog.tsx'

export function ProjectList() {
  const api = useApi()
  const mayOperate = useMayOperate()
  const [isCreating, setIsCreating] = useState(false)
  const projects = useQuery(api.projects.list.queryOptions({}))
  useRefreshOnChange([api.projects.list.queryKey()])
  const newProject = mayOperate && (
    <Button look="primary" onClick={() => setIsCreating(true)}>
      <Plus aria-hidden /> New project
    </Button>
  )
  return (
    <>
      <PageHeader title="Projects" actions={newProject} />
      {projects.isError ? (
        <FailureNotice error={projects.error} onRetry={() => void projects.refetch()} />
      ) : projects.isPending ? (
        <div className="flex flex-col gap-2">
          {['a', 'b', 'c'].map((row) => (
            <div key={row} className="skeleton h-14" />
          ))}
        </div>
      ) : projects.data.length === 0 ? (
        <EmptyState icon={FolderOpen} title="No projects yet" action={newProject}>
          A project is where footage goes. Make one, then let the first device into it.
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
          {projects.data.map((project) => (
            <li
              key={project.id}
              data-row
              className="relative flex flex-wrap items-center gap-x-6 gap-y-1 px-4 py-3 hover:bg-hover"
            >
              <Link
                href={`/projects/${project.id}`}
                className="min-w-0 flex-1 basis-48 truncate font-medium after:absolute after:inset-0"
              >
                {project.name}
              </Link>
              <span className="w-24 text-ink-2">{plural(project.deviceCount, 'device')}</span>
              <span className="w-40 truncate text-ink-2 max-md:hidden">{project.timezone}</span>
              <span className="w-36 text-right text-ink-2 max-md:hidden">
                since <Instant iso={new Date(project.createdAt).toISOString()} />
              </span>
            </li>
          ))}
        </ul>
      )}
      <CreateProjectDialog open={isCreating} onOpenChange={setIsCreating} />
    </>
  )
}
