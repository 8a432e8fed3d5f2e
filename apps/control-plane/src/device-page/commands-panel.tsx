'use client'
import type { ExecutionRow } from '@rushes/fleet'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Send } from 'lucide-react'
import Link from 'next/link'
import { useApi } from '@/api-client/api-provider.tsx'
import { formatBytes, plural } from '@/format/bytes.ts'
import type { DeviceView } from '@/live/device-store.ts'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Button } from '@/ui/button.tsx'
import { TableSkeleton } from '@/ui/data-table.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { EmptyState } from '@/ui/notice.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import { Age } from '@/ui/time.tsx'
import { tellDone, tellFailure } from '@/ui/toasts.tsx'
import { commandWords, describeCommand, executionWords } from '@/words/command-words.ts'

/** What was asked of the device, and what it actually did. */
export function CommandsPanel({ deviceId, live }: { deviceId: string; live: DeviceView }) {
  const api = useApi()
  const list = useQuery(api.devices.executions.queryOptions({ deviceId, limit: 50 }))
  if (list.error !== null) return <FailureNotice error={list.error} onRetry={() => void list.refetch()} />
  if (list.data === undefined) return <TableSkeleton rowCount={4} />
  const merged = new Map(list.data.map((execution) => [execution.executionId, execution]))
  for (const execution of live.executions.values()) merged.set(execution.executionId, execution)
  const executions = [...merged.values()].sort((a, b) => b.queuedAt.localeCompare(a.queuedAt))
  if (executions.length === 0)
    return (
      <EmptyState icon={Send} title="Nothing was asked of it yet">
        Retry, hold, release, clear and moves appear here, each with what the device did.
      </EmptyState>
    )
  return (
    <ol aria-label="Commands of this device" className="-mt-3">
      {executions.map((execution) => (
        <Execution key={execution.executionId} execution={execution} />
      ))}
    </ol>
  )
}

function Execution({ execution }: { execution: ExecutionRow }) {
  const Icon = commandWords[execution.body.kind].icon
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-1 border-b border-line px-2 py-3">
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-3" />
      <div className="min-w-48 flex-1">
        <p className="font-medium">
          <Link href={`/commands/${execution.commandId}`} prefetch={false} className="rounded-sm hover:underline">
            {describeCommand(execution.body)}
          </Link>
        </p>
        <p className="text-sm text-ink-2">
          {execution.issuedBy} · <Age iso={execution.queuedAt} suffix="ago" />
          {execution.reason !== null && ` · “${execution.reason}”`}
        </p>
      </div>
      <div className="min-w-56 flex-1">
        <StateMark words={executionWords[execution.state]} />
        <p className="pl-5.5 text-sm text-ink-2">{outcome(execution)}</p>
      </div>
      <CancelButton execution={execution} />
    </li>
  )
}

/** What the device did, in numbers where there are any. */
function outcome(execution: ExecutionRow): string {
  const { state, result, error, step, percent } = execution
  if (result !== null) {
    const numbers = `${plural(result.fileCount, 'clip')}, ${formatBytes(result.byteCount)}`
    if (result.summary === '') return numbers
    const summary = result.summary.charAt(0).toUpperCase() + result.summary.slice(1)
    return result.fileCount === 0 ? summary : `${summary} (${numbers})`
  }
  if (error !== null) return `${error.message} (${error.code})`
  if (state === 'running' && step !== null) return percent === null ? step : `${step}, ${Math.round(percent)}%`
  if (execution.isCancelRequested) return 'Called off; the device is being told.'
  return executionWords[state].sentence
}

function CancelButton({ execution }: { execution: ExecutionRow }) {
  const api = useApi()
  const queries = useQueryClient()
  const mayOperate = useMayOperate()
  const cancel = useMutation(
    api.commands.cancel.mutationOptions({
      onSuccess: async ({ cancelledCount }) => {
        tellDone(cancelledCount > 0 ? 'The command is cancelled' : 'The device is told not to begin')
        await queries.invalidateQueries({ queryKey: api.devices.pathKey() })
      },
      onError: tellFailure,
    }),
  )
  const isOpen =
    execution.finalizedAt === null && !execution.isCancelRequested && execution.body.kind !== 'assignProject'
  if (!mayOperate || !isOpen) return null
  return (
    <Button
      size="sm"
      disabled={cancel.isPending}
      aria-label={`Cancel: ${describeCommand(execution.body)}`}
      onClick={() => cancel.mutate({ commandId: execution.commandId })}
    >
      Cancel
    </Button>
  )
}
