'use client'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { History, SearchX, X } from 'lucide-react'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useApi } from '@/api-client/api-provider.tsx'
import { useRefreshOnChange } from '@/live/live-provider.tsx'
import { Button } from '@/ui/button.tsx'
import { TableSkeleton } from '@/ui/data-table.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { SelectField } from '@/ui/field.tsx'
import { EmptyState } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { SearchBox } from '@/ui/search-box.tsx'
import { subjects } from './action-words.ts'
import { ActivityItem } from './activity-entry.tsx'

const parsers = {
  q: parseAsString.withDefault(''),
  subject: parseAsStringLiteral(subjects.map((subject) => subject.value)),
  device: parseAsString,
  project: parseAsString,
}

const refreshMs = 10_000

export function ActivityScreen() {
  const api = useApi()
  const [address, setAddress] = useQueryStates(parsers)
  const { q, subject, device, project } = address
  const isNarrowed = q !== '' || subject !== null || device !== null || project !== null
  const list = useInfiniteQuery(
    api.activity.list.infiniteQueryOptions(
      {
        filter: {
          ...(q === '' ? {} : { search: q }),
          ...(subject === null ? {} : { subject }),
          ...(device === null ? {} : { deviceId: device }),
          ...(project === null ? {} : { projectId: project }),
        },
        limit: 50,
      },
      { getNextPageParam: (page) => page.nextBeforeId, placeholderData: keepPreviousData, refetchInterval: refreshMs },
    ),
  )
  useRefreshOnChange([api.activity.list.pathKey()])
  const entries = (list.data?.pages ?? []).flatMap((page) => page.entries)
  const clear = () => void setAddress({ q: null, subject: null, device: null, project: null })
  return (
    <>
      <PageHeader title="Activity" />
      <div className="flex flex-wrap items-center gap-2 pb-4">
        <SearchBox label="Search activity" value={q} onChange={(text) => void setAddress({ q: text || null })} />
        <SelectField
          label="Subject"
          isLabelHidden
          className="w-44"
          value={subject ?? ''}
          onChange={(event) =>
            void setAddress({ subject: subjects.find(({ value }) => value === event.target.value)?.value ?? null })
          }
          choices={[{ value: '', label: 'Everything' }, ...subjects]}
        />
        {isNarrowed && (
          <Button look="quiet" onClick={clear}>
            <X aria-hidden />
            Clear filters
          </Button>
        )}
        {(device !== null || project !== null) && (
          <p className="text-ink-2">Only of one {device !== null ? 'device' : 'project'}.</p>
        )}
      </div>
      {list.isError && (
        <div className="pb-3">
          <FailureNotice error={list.error} onRetry={() => void list.refetch()} />
        </div>
      )}
      {list.isPending ? (
        <TableSkeleton />
      ) : entries.length === 0 && list.data !== undefined ? (
        isNarrowed ? (
          <EmptyState icon={SearchX} title="Nothing matches" action={<Button onClick={clear}>Clear filters</Button>}>
            Nothing that was recorded fits this search.
          </EmptyState>
        ) : (
          <EmptyState icon={History} title="Nothing happened yet">
            Every change that a person, a device or the command line makes is recorded here, with who and why.
          </EmptyState>
        )
      ) : (
        entries.length > 0 && (
          <>
            <ol aria-label="Activity" className="divide-y divide-line rounded-lg border border-line bg-surface">
              {entries.map((entry) => (
                <ActivityItem key={entry.id} entry={entry} />
              ))}
            </ol>
            <div className="py-3 text-center">
              {list.hasNextPage ? (
                <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                  {list.isFetchingNextPage ? 'Loading …' : 'Older entries'}
                </Button>
              ) : (
                <p className="text-sm text-ink-2">That is all that was recorded.</p>
              )}
            </div>
          </>
        )
      )}
    </>
  )
}
