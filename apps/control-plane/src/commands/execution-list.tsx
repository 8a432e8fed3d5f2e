'use client'
import type { CommandDetail } from '@rushes/fleet'
import Link from 'next/link'
import { formatBytes, plural } from '@/format/bytes.ts'
import { type Column, DataTable } from '@/ui/data-table.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import { Age } from '@/ui/time.tsx'
import { executionWords } from '@/words/command-words.ts'
import { hintFor } from './error-hint.ts'

type Execution = CommandDetail['executions'][number]

/** What each device made of the command. */
export function ExecutionList({ executions }: { executions: readonly Execution[] }) {
  return (
    <DataTable
      label="Devices of this command"
      columns={columns}
      rows={executions}
      rowKey={(row) => row.executionId}
      rowName={(row) => row.deviceName}
      totalCount={executions.length}
      rowHeight={60}
      cardHeight={120}
      card={(row) => (
        <div className="flex flex-col gap-1.5">
          <div className="flex items-center gap-3">
            <DeviceLink row={row} />
            <State row={row} />
          </div>
          <Outcome row={row} />
          <p className="text-sm text-ink-2">
            <When row={row} />
          </p>
        </div>
      )}
    />
  )
}

const columns: Column<Execution>[] = [
  { key: 'device', header: 'Device', width: '14rem', cell: (row) => <DeviceLink row={row} /> },
  { key: 'state', header: 'State', width: '12rem', cell: (row) => <State row={row} /> },
  { key: 'outcome', header: 'What it did', cell: (row) => <Outcome row={row} /> },
  { key: 'deliveries', header: 'Handed over', width: '8rem', from: 'lg', cell: (row) => <Deliveries row={row} /> },
  { key: 'when', header: 'Last step', width: '7rem', isFigure: true, cell: (row) => <When row={row} /> },
]

function DeviceLink({ row }: { row: Execution }) {
  return (
    <Link href={`/devices/${row.deviceId}`} className="block min-w-0 flex-1 truncate font-medium hover:underline">
      {row.deviceName === '' ? row.deviceId : row.deviceName}
    </Link>
  )
}

function State({ row }: { row: Execution }) {
  const words = executionWords[row.state]
  return (
    <div className="min-w-0" title={words.sentence}>
      <StateMark words={words} className="align-middle" />
      {row.isCancelRequested && <p className="truncate text-sm text-ink-2">being told not to begin</p>}
    </div>
  )
}

function Outcome({ row }: { row: Execution }) {
  if (row.error !== null)
    return (
      <div className="min-w-0">
        <p className="line-clamp-2 whitespace-normal" title={row.error.code}>
          {row.error.message || row.error.code}
        </p>
        <p className="text-sm whitespace-normal text-ink-2">{hintFor(row.error.code)}</p>
      </div>
    )
  if (row.result !== null) {
    const { summary, fileCount, byteCount } = row.result
    return (
      <div className="min-w-0">
        <p className="truncate" title={summary}>
          {row.state === 'succeeded' ? summary : `The device reported afterwards: ${summary}`}
        </p>
        <p className="truncate text-sm text-ink-2">
          {plural(fileCount, 'clip')}, {formatBytes(byteCount)}
        </p>
      </div>
    )
  }
  if (row.state === 'running' && (row.step !== null || row.percent !== null))
    return (
      <span className="text-ink-2">
        {row.step ?? 'at it'}
        {row.percent !== null && ` · ${Math.floor(row.percent)}%`}
      </span>
    )
  return <span className="whitespace-normal text-ink-2">{executionWords[row.state].sentence}</span>
}

function Deliveries({ row }: { row: Execution }) {
  if (row.deliveryCount === 0) return <span className="text-ink-3">not yet</span>
  return <span>{row.deliveryCount === 1 ? 'once' : `${row.deliveryCount} times`}</span>
}

/** The newest step, by the server's clock. */
function When({ row }: { row: Execution }) {
  const at = row.finalizedAt ?? row.startedAt ?? row.acknowledgedAt ?? row.deliveredAt ?? row.queuedAt
  return <Age iso={at} suffix="ago" />
}
