'use client'
import type { LiveFleetRow } from '@rushes/api'
import type { DeviceDetail, FleetRow } from '@rushes/fleet'
import { ArrowRightLeft, EyeOff, FileCheck, HardDrive } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import { MoveDialog } from '@/devices/move-dialog.tsx'
import { PauseSharingDialog, useResumeSharing } from '@/devices/pause-sharing-dialog.tsx'
import { formatBytes } from '@/format/bytes.ts'
import { formatDuration } from '@/format/time.ts'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, Fact, Facts, None, Unknown } from '@/ui/card.tsx'
import { Notice } from '@/ui/notice.tsx'
import { ProgressBar } from '@/ui/progress-bar.tsx'
import { Age, Instant } from '@/ui/time.tsx'
import { clearedWords } from './timeline-words.ts'

type Row = FleetRow | LiveFleetRow

/** What belongs to the device but is not its queue. `detail`: what only the server's own page of it has; null while that is on its way. */
export function DeviceAside({ row, detail }: { row: Row; detail: DeviceDetail | null }) {
  return (
    <aside aria-label="Facts" className="flex flex-col gap-4">
      <ProjectCard row={row} detail={detail} />
      {row.foreign === null && <SharingCard row={row} detail={detail} />}
      <LinksCard row={row} />
      <StorageCard row={row} />
      <IdentityCard row={row} detail={detail} />
    </aside>
  )
}

function ProjectCard({ row, detail }: { row: Row; detail: DeviceDetail | null }) {
  const mayOperate = useMayOperate()
  const [isMoving, setMoving] = useState(false)
  const canMove = mayOperate && row.foreign === null && row.presence.state !== 'revoked'
  const latest = detail?.moves[0]
  return (
    <Card
      title="Project"
      actions={
        canMove && (
          <Button size="sm" onClick={() => setMoving(true)}>
            Move…
          </Button>
        )
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
      <MoveDialog
        deviceIds={[row.deviceId]}
        currentProjectId={row.project?.id ?? null}
        open={isMoving}
        onOpenChange={setMoving}
      />
    </Card>
  )
}

function SharingCard({ row, detail }: { row: Row; detail: DeviceDetail | null }) {
  const mayOperate = useMayOperate()
  const [isPausing, setPausing] = useState(false)
  const resume = useResumeSharing()
  const past = (detail?.pauseWindows ?? []).filter((window) => window.endedAt !== null).slice(0, 3)
  return (
    <Card
      title="Sharing"
      actions={
        mayOperate &&
        (row.sharingPause === null ? (
          <Button size="sm" onClick={() => setPausing(true)}>
            <EyeOff aria-hidden className="text-share" />
            Pause sharing…
          </Button>
        ) : (
          <Button size="sm" disabled={resume.isPending} onClick={() => resume.mutate({ deviceId: row.deviceId })}>
            Resume sharing
          </Button>
        ))
      }
    >
      <div className="flex flex-col gap-3 px-4 py-3">
        {row.sharingPause === null ? (
          <p className="text-ink-2">What is captured goes to the project.</p>
        ) : (
          <Notice tone="share" icon={EyeOff}>
            Sharing paused by {row.sharingPause.by} at <Instant iso={row.sharingPause.since} />: clips from then on will
            never upload.
            {row.sharingPause.reason !== null && <span className="block text-ink-2">“{row.sharingPause.reason}”</span>}
          </Notice>
        )}
        {past.length > 0 && (
          <ul aria-label="Earlier pauses" className="text-sm text-ink-2">
            {past.map((window) => (
              <li key={window.id}>
                Paused <Instant iso={window.startedAt} /> for{' '}
                {formatDuration(Date.parse(window.endedAt ?? window.startedAt) - Date.parse(window.startedAt))} by{' '}
                {window.startedBy}
              </li>
            ))}
          </ul>
        )}
      </div>
      <PauseSharingDialog deviceIds={[row.deviceId]} open={isPausing} onOpenChange={setPausing} />
    </Card>
  )
}

const uploadLinkWords = { up: 'Works', down: 'Down', unknown: 'Not tried yet' } as const

function LinksCard({ row }: { row: Row }) {
  const link = row.report?.status.uploadLink
  const noReport = <Unknown why="The device has not reported." />
  const { presence } = row
  return (
    <Card title="Links">
      <Facts>
        <Fact name="Control link">
          {presence.state === 'online' ? (
            <>
              Connected for <Age iso={presence.since} />
            </>
          ) : presence.state === 'offline' ? (
            <>
              Lost <Age iso={presence.since} suffix="ago" />
            </>
          ) : presence.state === 'noControlLink' ? (
            <None>has none</None>
          ) : (
            <None>never connected</None>
          )}
        </Fact>
        <Fact name="Upload link">
          {link === undefined ? (
            noReport
          ) : (
            <>
              {uploadLinkWords[link.state]}
              {link.lastSuccessAt !== null && (
                <span className="text-ink-2">
                  , last success <Age iso={link.lastSuccessAt} suffix="ago" />
                </span>
              )}
              {link.lastError !== null && (
                <span className="block text-sm text-ink-2 [overflow-wrap:anywhere]">{link.lastError}</span>
              )}
            </>
          )}
        </Fact>
        <Fact name="Destination">
          {row.report === null ? (
            noReport
          ) : (
            <span className="[overflow-wrap:anywhere]">{row.report.status.destination}</span>
          )}
        </Fact>
        <Fact name="Last report">
          {row.report === null ? <None>never</None> : <Age iso={row.report.receivedAt} suffix="ago" />}
        </Fact>
        <Fact name="Clock">{row.report?.clockOffsetMs == null ? noReport : clockWords(row.report.clockOffsetMs)}</Fact>
      </Facts>
    </Card>
  )
}

function clockWords(offsetMs: number): string {
  if (Math.abs(offsetMs) < 2_000) return 'right'
  return `${formatDuration(Math.abs(offsetMs))} ${offsetMs > 0 ? 'ahead' : 'behind'}`
}

function StorageCard({ row }: { row: Row }) {
  const volumes = row.report?.status.volumes
  return (
    <Card title="Storage">
      <div className="flex flex-col gap-3 px-4 py-3">
        {volumes === undefined ? (
          <Unknown why="The device has not reported." />
        ) : volumes.length === 0 ? (
          <None>no volumes</None>
        ) : (
          volumes.map((volume) => (
            <div key={volume.id} className="flex flex-col gap-1">
              <div className="flex items-center gap-2">
                <HardDrive aria-hidden className="size-4 shrink-0 text-ink-3" />
                <span className="min-w-0 flex-1 truncate font-medium" title={volume.path}>
                  {volume.label === '' ? volume.path : volume.label}
                </span>
                <span className="text-sm text-ink-2">
                  {!volume.present
                    ? 'removed'
                    : volume.freeBytes === null
                      ? 'free unknown'
                      : `${formatBytes(volume.freeBytes)} free`}
                </span>
              </div>
              {volume.present && volume.sizeBytes !== null && volume.freeBytes !== null && (
                <ProgressBar
                  label={`Used space of ${volume.label}`}
                  total={volume.sizeBytes}
                  acknowledged={volume.sizeBytes - volume.freeBytes}
                />
              )}
            </div>
          ))
        )}
      </div>
    </Card>
  )
}

function IdentityCard({ row, detail }: { row: Row; detail: DeviceDetail | null }) {
  const unknown = <Unknown why="It is told when the device connects." />
  return (
    <Card title="Identity">
      <Facts>
        <Fact name="Model">{row.modelName}</Fact>
        <Fact name="Host">{row.hostname ?? unknown}</Fact>
        <Fact name="Platform">{row.platform ?? unknown}</Fact>
        <Fact name="Version">{row.agentVersion ?? unknown}</Fact>
        <Fact name="Paired">
          <Instant iso={row.pairedAt} />
        </Fact>
        <Fact name="Client id">
          <span className="font-mono text-sm [overflow-wrap:anywhere]">{detail?.clientId ?? '…'}</span>
        </Fact>
        <Fact name="Device id">
          <span className="font-mono text-sm [overflow-wrap:anywhere]">{row.deviceId}</span>
        </Fact>
      </Facts>
    </Card>
  )
}
