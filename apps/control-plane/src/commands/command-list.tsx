'use client'
import type { CommandRow } from '@rushes/fleet'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Send } from 'lucide-react'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useApi } from '@/api-client/api-provider.tsx'
import { useRefreshOnChange } from '@/live/live-provider.tsx'
import { ButtonLink } from '@/ui/button.tsx'
import { type Column, DataTable, TableSkeleton } from '@/ui/data-table.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { EmptyState } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import { Age } from '@/ui/time.tsx'
import { commandWords, describeCommand } from '@/words/command-words.ts'
import { wordsForCommand } from './command-state.ts'
import { RollUpBar } from './roll-up-bar.tsx'

/** While a command is under way the list looks by itself: not every step of a device is announced to it. */
const openRefreshMs = 3_000
const restingRefreshMs = 15_000

export function CommandList() {
  const api = useApi()
  const router = useRouter()
  const list = useInfiniteQuery(
    api.commands.list.infiniteQueryOptions(
      { limit: 50 },
      {
        getNextPageParam: (page) => page.next,
        refetchInterval: ({ state }) =>
          state.data?.pages.some((page) => page.rows.some((row) => row.state === 'active')) === true
            ? openRefreshMs
            : restingRefreshMs,
      },
    ),
  )
  useRefreshOnChange([api.commands.list.pathKey()])
  const rows = (list.data?.pages ?? []).flatMap((page) => page.rows)
  return (
    <>
      <PageHeader title="Commands" />
      {list.isError && (
        <div className="pb-3">
          <FailureNotice error={list.error} onRetry={() => void list.refetch()} />
        </div>
      )}
      {list.isPending ? (
        <TableSkeleton />
      ) : rows.length === 0 && list.data !== undefined ? (
        <EmptyState icon={Send} title="No commands yet" action={<ButtonLink href="/fleet">Go to the fleet</ButtonLink>}>
          What is sent to devices, such as a retry, a hold or a move, stands here with what each device did.
        </EmptyState>
      ) : (
        rows.length > 0 && (
          <>
            <DataTable
              label="Commands"
              columns={columns}
              rows={rows}
              rowKey={(row) => row.commandId}
              rowName={(row) => describeCommand(row.body)}
              totalCount={list.hasNextPage ? null : rows.length}
              rowHeight={56}
              cardHeight={120}
              onOpen={(row) => router.push(hrefOf(row))}
              card={(row) => <CommandCard row={row} />}
              onNearEnd={() => {
                if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage()
              }}
            />
            <p role="status" className="py-3 text-sm text-ink-2">
              {list.isFetchingNextPage ? 'Loading more …' : list.hasNextPage ? '' : 'That is all.'}
            </p>
          </>
        )
      )}
    </>
  )
}

const hrefOf = (row: CommandRow) => `/commands/${row.commandId}`

const columns: Column<CommandRow>[] = [
  {
    key: 'what',
    header: 'Command',
    cell: (row) => <What row={row} />,
  },
  {
    key: 'state',
    header: 'State',
    width: '8rem',
    cell: (row) => <StateMark words={wordsForCommand(row)} className="align-middle" />,
  },
  { key: 'devices', header: 'Devices', width: '18rem', cell: (row) => <RollUpBar rollUp={row.rollUp} /> },
  { key: 'by', header: 'By', width: '9rem', cell: (row) => <span title={row.issuedBy}>{row.issuedBy}</span> },
  {
    key: 'reason',
    header: 'Reason',
    from: 'lg',
    cell: (row) =>
      row.reason === null ? (
        <span className="text-ink-3">none given</span>
      ) : (
        <span title={row.reason}>{row.reason}</span>
      ),
  },
  { key: 'at', header: 'Sent', width: '6rem', isFigure: true, cell: (row) => <Age iso={row.createdAt} suffix="ago" /> },
]

function What({ row }: { row: CommandRow }) {
  const Icon = commandWords[row.body.kind].icon
  return (
    <Link
      href={hrefOf(row)}
      className="inline-flex max-w-full items-center gap-2 align-middle font-medium hover:underline"
    >
      <Icon aria-hidden className="size-4 shrink-0 text-ink-2" />
      <span className="truncate">{describeCommand(row.body)}</span>
    </Link>
  )
}

function CommandCard({ row }: { row: CommandRow }) {
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-center gap-3">
        <div className="min-w-0 flex-1">
          <What row={row} />
        </div>
        <StateMark words={wordsForCommand(row)} />
      </div>
      <RollUpBar rollUp={row.rollUp} />
      <p className="text-sm text-ink-2">
        {row.issuedBy}, <Age iso={row.createdAt} suffix="ago" />
        {row.reason !== null && `: ${row.reason}`}
      </p>
    </div>
  )
}
