import type { FleetRow } from '@rushes/fleet'
import { ArrowRightLeft, ExternalLink } from 'lucide-react'
import Link from 'next/link'
import { None } from '@/ui/card.tsx'
import { SharingMark } from './sharing-mark.tsx'

/** Which project a device uploads into, and what stands between. */
export function ProjectMark({ row }: { row: Pick<FleetRow, 'project' | 'foreign' | 'fence' | 'sharingPause'> }) {
  return (
    <span className="flex min-w-0 flex-col items-start">
      <ProjectName row={row} />
      {row.sharingPause !== null && <SharingMark pause={row.sharingPause} />}
      {row.fence.state === 'awaitingDevice' && row.sharingPause === null && (
        <span className="inline-flex items-center gap-1 text-sm text-warn">
          <ArrowRightLeft aria-hidden className="size-3.5" />
          move not confirmed
        </span>
      )}
    </span>
  )
}

function ProjectName({ row: { project, foreign } }: { row: Pick<FleetRow, 'project' | 'foreign'> }) {
  if (project !== null)
    return (
      <Link
        href={`/projects/${project.id}`}
        prefetch={false}
        className="max-w-full truncate rounded-sm hover:underline"
      >
        {project.name}
      </Link>
    )
  if (foreign !== null)
    return (
      <span className="inline-flex max-w-full items-center gap-1" title={`Uploads go to ${foreign.uploadTo}`}>
        <span className="truncate">{foreign.projectName ?? new URL(foreign.uploadTo).host}</span>
        <ExternalLink aria-hidden className="size-3.5 shrink-0 text-ink-3" />
      </span>
    )
  return <None>no project</None>
}
