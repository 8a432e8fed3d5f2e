'use client'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { MonitorSmartphone, Plus, SearchX } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useMemo, useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { useConnection, useRefreshOnChange, useWatchFleet } from '@/live/live-provider.tsx'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Button, ButtonLink } from '@/ui/button.tsx'
import { type Column, DataTable, TableSkeleton } from '@/ui/data-table.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { SelectField } from '@/ui/field.tsx'
import { EmptyState } from '@/ui/notice.tsx'
import { SearchBox } from '@/ui/search-box.tsx'
import { FleetCard } from './fleet-card.tsx'
import {
  type ListedRow,
  NameCell,
  PresenceCell,
  ProgressCell,
  ProjectCell,
  RateCell,
  StateCell,
} from './fleet-cells.tsx'
import { FleetFilters } from './fleet-filters.tsx'
import { FleetHeadline } from './fleet-headline.tsx'
import { type FleetView, fleetFilter, fleetSorts, isFiltered, useFleetView } from './fleet-view.ts'
import { SelectionBar } from './selection-bar.tsx'
import { useSelection } from './use-selection.ts'

/** Fleets up to this size report every second as a whole; of larger ones those on screen do. */
const smallFleetCount = 500

const columns: readonly Column<ListedRow>[] = [
  { key: 'name', header: 'Device', sort: 'name', width: '17%', cell: (listed) => <NameCell listed={listed} /> },
  {
    key: 'presence',
    header: 'Presence',
    sort: 'seen',
    width: '9.5rem',
    cell: (listed) => <PresenceCell listed={listed} />,
  },
  {
    key: 'project',
    header: 'Project',
    sort: 'project',
    width: '16%',
    from: 'lg',
    cell: (listed) => <ProjectCell listed={listed} />,
  },
  { key: 'state', header: 'State', sort: 'standing', cell: (listed) => <StateCell listed={listed} /> },
  {
    key: 'progress',
    header: 'Progress',
    sort: 'remaining',
    width: '12rem',
    cell: (listed) => <ProgressCell listed={listed} />,
  },
  {
    key: 'rate',
    header: 'Rate',
    width: '8rem',
    isFigure: true,
    from: 'xl',
    cell: (listed) => <RateCell listed={listed} />,
  },
]

export function FleetScreen() {
  const api = useApi()
  const router = useRouter()
  const [view, setView] = useFleetView()
  const filter = fleetFilter(view)
  const summaryInput = view.project === null ? {} : { projectId: view.project }
  const { state: connectionState } = useConnection()
  // Without the stream the lists are all there is, so they are asked again.
  const refetchInterval = connectionState === 'live' ? false : 10_000
  const summary = useQuery({ ...api.fleet.summary.queryOptions(summaryInput), refetchInterval })
  const list = useInfiniteQuery({
    ...api.fleet.list.infiniteQueryOptions(
      { filter, sort: view.sort, descending: view.desc, limit: 100 },
      { getNextPageParam: (page) => page.next ?? undefined },
    ),
    placeholderData: keepPreviousData,
    refetchInterval,
  })
  useRefreshOnChange([api.fleet.list.pathKey(), api.fleet.summary.pathKey()])

  const rows = useMemo<ListedRow[]>(
    () => (list.data?.pages ?? []).flatMap((page) => page.rows.map((row) => ({ row, loadedAtMs: list.dataUpdatedAt }))),
    [list.data, list.dataUpdatedAt],
  )
  const totalCount = list.data?.pages[0]?.totalCount ?? null
  const [visibleIds, setVisibleIds] = useState<readonly string[]>([])
  useWatchFleet((summary.data?.deviceCount ?? 0) > smallFleetCount ? visibleIds : null)
  const selection = useSelection(rows.map(({ row }) => row.deviceId))

  return (
    <>
      <FleetTop view={view} onChange={setView} summary={summary.data} />
      {list.error !== null && <FailureNotice error={list.error} onRetry={() => void list.refetch()} />}
      {list.data === undefined && list.error === null && <TableSkeleton />}
      {list.data !== undefined && rows.length === 0 && (
        <NoDevices isFiltered={isFiltered(view)} onShowAll={() => setView(null)} />
      )}
      {rows.length > 0 && (
        <DataTable
          label="Devices"
          columns={columns}
          rows={rows}
          rowKey={({ row }) => row.deviceId}
          rowName={({ row }) => row.name}
          totalCount={totalCount}
          rowHeight={54}
          cardHeight={150}
          card={(listed) => <FleetCard listed={listed} />}
          onOpen={({ row }) => router.push(`/devices/${row.deviceId}`)}
          sorting={{
            by: view.sort,
            isDescending: view.desc,
            onSort: (by) => {
              const sort = fleetSorts.find((known) => known === by)
              if (sort !== undefined) void setView({ sort, desc: sort === view.sort && !view.desc })
            },
          }}
          selection={selection}
          onVisible={setVisibleIds}
          onNearEnd={() => {
            if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage()
          }}
        />
      )}
      {selection.keys.length > 0 && <SelectionBar deviceIds={selection.keys} onClear={selection.clear} />}
    </>
  )
}

function FleetTop({
  view,
  onChange,
  summary,
}: {
  view: FleetView
  onChange: (change: Partial<FleetView>) => void
  summary: Parameters<typeof FleetHeadline>[0]['summary']
}) {
  const api = useApi()
  const projects = useQuery(api.projects.list.queryOptions({}))
  return (
    <header className="flex flex-col gap-3 pb-3">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div>
          <h1 className="sr-only">Fleet</h1>
          <FleetHeadline summary={summary} />
        </div>
        <div className="flex gap-2 max-md:w-full max-md:[&>*]:min-w-0 max-md:[&>*]:flex-1">
          <SelectField
            label="Project"
            isLabelHidden
            className="md:w-48"
            value={view.project ?? ''}
            onChange={(event) => onChange({ project: event.target.value === '' ? null : event.target.value })}
            choices={[
              { value: '', label: 'All projects' },
              ...(projects.data ?? []).map((project) => ({ value: project.id, label: project.name })),
            ]}
          />
          <SearchBox label="Search devices" value={view.q} onChange={(q) => onChange({ q })} />
        </div>
      </div>
      <FleetFilters summary={summary} view={view} onChange={onChange} />
    </header>
  )
}

function NoDevices({ isFiltered, onShowAll }: { isFiltered: boolean; onShowAll: () => void }) {
  const mayOperate = useMayOperate()
  if (isFiltered)
    return (
      <EmptyState icon={SearchX} title="No device fits" action={<Button onClick={onShowAll}>Show all devices</Button>}>
        No device of the fleet has this name and stands like this just now.
      </EmptyState>
    )
  return (
    <EmptyState
      icon={MonitorSmartphone}
      title="No devices yet"
      action={
        mayOperate ? (
          <ButtonLink href="/add-device" look="primary">
            <Plus aria-hidden />
            Add device
          </ButtonLink>
        ) : undefined
      }
    >
      Begin pairing on a device; it shows a code of six digits. Enter it here, and its clips go into the project that
      you choose.
    </EmptyState>
  )
}
