'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { History } from 'lucide-react'
import { useApi } from '@/api-client/api-provider.tsx'
import { Button } from '@/ui/button.tsx'
import { TableSkeleton } from '@/ui/data-table.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { EmptyState } from '@/ui/notice.tsx'
import { Instant } from '@/ui/time.tsx'
import { toneText } from '@/words/tone.ts'
import { timelineWords } from './timeline-words.ts'

/** What happened, the newest first, with who and why. */
export function TimelinePanel({ deviceId }: { deviceId: string }) {
  const api = useApi()
  const list = useInfiniteQuery(
    api.devices.timeline.infiniteQueryOptions(
      { deviceId, limit: 50 },
      { getNextPageParam: (page) => page.next ?? undefined },
    ),
  )
  if (list.error !== null && list.data === undefined)
    return <FailureNotice error={list.error} onRetry={() => void list.refetch()} />
  if (list.data === undefined) return <TableSkeleton rowCount={6} />
  const entries = list.data.pages.flatMap((page) => page.entries)
  if (entries.length === 0)
    return (
      <EmptyState icon={History} title="Nothing has happened yet">
        Connections, moves, commands and failures appear here as they happen.
      </EmptyState>
    )
  return (
    <>
      <ol aria-label="Timeline of this device" className="-mt-3">
        {entries.map((entry) => {
          const { icon: Icon, tone, text, detail } = timelineWords(entry)
          return (
            <li key={entry.id} className="flex gap-3 border-b border-line px-2 py-2.5">
              <Icon aria-hidden className={clsx('mt-0.5 size-4 shrink-0', toneText[tone])} />
              <div className="min-w-0 flex-1">
                <p>{text}</p>
                {detail !== null && <p className="text-sm text-ink-2">{detail}</p>}
              </div>
              <span className="shrink-0 text-sm text-ink-3">
                <Instant iso={entry.at} />
              </span>
            </li>
          )
        })}
      </ol>
      {list.hasNextPage && (
        <Button className="mt-3" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show earlier
        </Button>
      )}
    </>
  )
}
