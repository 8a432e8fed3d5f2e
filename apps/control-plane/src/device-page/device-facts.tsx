'use client'
import type { LiveFleetRow } from '@rushes/api'
import type { DeviceDetail, FleetRow } from '@rushes/fleet'
import { HardDrive } from 'lucide-react'
import { formatBytes } from '@/format/bytes.ts'
import { formatDuration } from '@/format/time.ts'
import { Card, Fact, Facts, None, Unknown } from '@/ui/card.tsx'
import { ProgressBar } from '@/ui/progress-bar.tsx'
import { Age, Instant } from '@/ui/time.tsx'

type Row = FleetRow | LiveFleetRow

const uploadLinkWords = { up: 'Works', down: 'Down', unknown: 'Not tried yet' } as const
/** Of a device that is out of reach nothing is known but what it told last. */
const formerLinkWords = { up: 'Worked', down: 'Was down', unknown: 'Not tried yet' } as const

export function LinksCard({ row }: { row: Row }) {
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
              {(presence.state === 'online' ? uploadLinkWords : formerLinkWords)[link.state]}
              {link.lastSuccessAt !== null && (
                <span className="text-ink-2">
                  , last success <Age iso={link.lastSuccessAt} suffix="ago" />
                </span>
              )}
              {link.lastError !== null && (
                <span className="block text-sm text-ink-2 [overflow-wrap:anywhere]">
                  {link.state === 'up' && 'Before that: '}
                  {link.lastError}
                </span>
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

export function StorageCard({ row }: { row: Row }) {
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

export function IdentityCard({ row, detail }: { row: Row; detail: DeviceDetail | null }) {
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
