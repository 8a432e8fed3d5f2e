'use client'
import type { FleetRow } from '@rushes/fleet'
import { standingOf } from '@rushes/upload-core'
import { useQuery } from '@tanstack/react-query'
import { MonitorSmartphone } from 'lucide-react'
import Link from 'next/link'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { MoveDialog } from '@/devices/move-dialog.tsx'
import { useFleetRow } from '@/live/live-provider.tsx'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Button, ButtonLink } from '@/ui/button.tsx'
import { Card } from '@/ui/card.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { EmptyState } from '@/ui/notice.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import { deviceSentence } from '@/words/device-sentence.ts'
import { standingWords } from '@/words/standing-words.ts'

/** The devices that upload into a project now, each with how it stands and the way out. */
export function ProjectDevices({ projectId }: { projectId: string }) {
  const api = useApi()
  const [moving, setMoving] = useState<string | null>(null)
  const devices = useQuery(api.fleet.list.queryOptions({ filter: { projectId }, limit: 200 }))
  return (
    <Card title="Devices">
      {devices.isError ? (
        <div className="p-4">
          <FailureNotice error={devices.error} onRetry={() => void devices.refetch()} />
        </div>
      ) : devices.isPending ? (
        <div className="flex flex-col gap-3 p-4">
          <div className="skeleton h-8" />
          <div className="skeleton h-8" />
        </div>
      ) : devices.data.rows.length === 0 ? (
        <div className="p-4">
          <EmptyState
            icon={MonitorSmartphone}
            title="No devices in this project"
            action={<ButtonLink href={`/add-device?project=${projectId}`}>Add device</ButtonLink>}
          >
            Let a new one in, or move one here from its own page.
          </EmptyState>
        </div>
      ) : (
        <ul className="divide-y divide-line">
          {devices.data.rows.map((row) => (
            <DeviceLine
              key={row.deviceId}
              loaded={row}
              loadedAtMs={devices.dataUpdatedAt}
              onMove={() => setMoving(row.deviceId)}
            />
          ))}
        </ul>
      )}
      {devices.data?.next != null && (
        <p className="border-t border-line px-4 py-2.5 text-ink-2">
          The first 200 are shown.{' '}
          <Link href={`/fleet?project=${projectId}`} className="underline">
            See all in the fleet
          </Link>
        </p>
      )}
      {moving !== null && (
        <MoveDialog
          deviceIds={[moving]}
          currentProjectId={projectId}
          open
          onOpenChange={(open) => {
            if (!open) setMoving(null)
          }}
        />
      )}
    </Card>
  )
}

function DeviceLine({ loaded, loadedAtMs, onMove }: { loaded: FleetRow; loadedAtMs: number; onMove: () => void }) {
  const row = useFleetRow(loaded, loadedAtMs)
  const mayOperate = useMayOperate()
  const sentence = deviceSentence(row)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5">
      <Link href={`/devices/${row.deviceId}`} className="min-w-0 flex-1 basis-40 truncate font-medium hover:underline">
        {row.name}
      </Link>
      <span className="min-w-0 flex-1 basis-56" title={sentence.detail}>
        <StateMark words={standingWords[standingOf(row)]}>{sentence.text}</StateMark>
      </span>
      {mayOperate && (
        <Button size="sm" look="quiet" aria-label={`Move ${row.name}`} onClick={onMove}>
          Move…
        </Button>
      )}
    </li>
  )
}
