'use client'
import type { LiveFleetRow } from '@rushes/api'
import type { DeviceDetail, FleetRow } from '@rushes/fleet'
import { ArrowRightLeft, FileCheck } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import { MoveDialog } from '@/devices/move-dialog.tsx'
import { ManifestDialog } from '@/projects/manifest-dialog.tsx'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, None } from '@/ui/card.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Instant } from '@/ui/time.tsx'
import { AuthorizationCard } from './authorization-card.tsx'
import { IdentityCard, LinksCard, StorageCard } from './device-facts.tsx'
import { SharingCard } from './sharing-card.tsx'
import { clearedWords } from './timeline-words.ts'

type Row = FleetRow | LiveFleetRow

/** What belongs to the device but is not its queue. `detail`: what only the server's own page of it has; null while that is on its way. */
export function DeviceAside({ row, detail }: { row: Row; detail: DeviceDetail | null }) {
  return (
    <aside aria-label="Facts" className="flex flex-col gap-4">
      <ProjectCard row={row} detail={detail} />
      {row.foreign === null && <SharingCard row={row} detail={detail} />}
      <AuthorizationCard row={row} detail={detail} />
      <LinksCard row={row} />
      <StorageCard row={row} />
      <IdentityCard row={row} detail={detail} />
    </aside>
  )
}

function ProjectCard({ row, detail }: { row: Row; detail: DeviceDetail | null }) {
  const mayOperate = useMayOperate()
  const [isMoving, setMoving] = useState(false)
  const [isTakingManifest, setTakingManifest] = useState(false)
  const canMove = mayOperate && row.foreign === null && row.presence.state !== 'revoked'
  const latest = detail?.moves[0]
  return (
    <Card
      title="Project"
      actions={
        <>
          {mayOperate && row.foreign === null && row.project !== null && (
            <Button size="sm" onClick={() => setTakingManifest(true)}>
              <FileCheck aria-hidden /> Manifest…
            </Button>
          )}
          {canMove && (
            <Button size="sm" onClick={() => setMoving(true)}>
              Move…
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-3 px-4 py-3">
        {row.foreign !== null ? (
          <p>
            <span className="font-medium">{row.foreign.projectName ?? 'A project of its destination'}</span>
            <span className="block text-ink-2 [overflow-wrap:anywhere]">
              Uploads go to {row.foreign.uploadTo}; its project is chosen there.
            </span>
          </p>
        ) : row.project === null ? (
          <None>no project</None>
        ) : (
          <Link
            href={`/projects/${row.project.id}`}
            prefetch={false}
            className="w-fit rounded-sm font-medium hover:underline"
          >
            {row.project.name}
          </Link>
        )}
        {row.fence.state === 'awaitingDevice' && (
          <Notice tone="warn" icon={ArrowRightLeft}>
            Moved{row.fence.fromProjectName === null ? '' : ` from ${row.fence.fromProjectName}`} at{' '}
            <Instant iso={row.fence.since} />, <strong className="font-semibold">not confirmed yet</strong>.{' '}
            {row.fence.hasReadProject
              ? 'The device knows of it and is clearing its queue.'
              : 'The device has not heard of it; whatever it sends for the former project is refused.'}
          </Notice>
        )}
        {row.fence.state === 'confirmed' && latest?.receipt != null && latest.from !== null && (
          <Notice tone="ok" icon={FileCheck}>
            Came from {latest.from.name}; {clearedWords(latest.receipt)}.{' '}
            <span className="block font-mono text-sm text-ink-2">receipt {latest.receipt.idsXxh64}</span>
          </Notice>
        )}
      </div>
      {row.project !== null && (
        <ManifestDialog
          project={row.project}
          device={{ id: row.deviceId, name: row.name }}
          open={isTakingManifest}
          onOpenChange={setTakingManifest}
        />
      )}
      <MoveDialog
        deviceIds={[row.deviceId]}
        currentProjectId={row.project?.id ?? null}
        open={isMoving}
        onOpenChange={setMoving}
      />
    </Card>
  )
}
