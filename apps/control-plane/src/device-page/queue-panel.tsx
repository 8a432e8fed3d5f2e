'use client'
import type { LiveFleetRow } from '@rushes/api'
import type { FleetRow, UploadRow } from '@rushes/fleet'
import { type UploadGroup, uploadGroups } from '@rushes/upload-core'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { Film, SearchX } from 'lucide-react'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useMemo, useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { formatCount } from '@/format/bytes.ts'
import type { DeviceView } from '@/live/device-store.ts'
import { Button } from '@/ui/button.tsx'
import { DataTable, TableSkeleton } from '@/ui/data-table.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { EmptyState } from '@/ui/notice.tsx'
import { SearchBox } from '@/ui/search-box.tsx'
import { Age } from '@/ui/time.tsx'
import { ClipActionDialog } from '@/uploads/clip-action-dialog.tsx'
import { mergeQueue } from './merge-queue.ts'
import { QueueActions } from './queue-actions.tsx'
import { QueueCard, type QueueContext, queueColumns } from './queue-cells.tsx'

const groupLabels: Record<UploadGroup, string> = {
  moving: 'Going up',
  failed: 'Failed',
  waiting: 'Waiting',
  held: 'Held',
  home: 'Home',
  leftOut: 'Left out',
}

const view = {
  q: parseAsString.withDefault(''),
  show: parseAsStringLiteral(uploadGroups),
}

/** Every clip that the device has told of, the moving ones first. */
export function QueuePanel({ row, live }: { row: FleetRow | LiveFleetRow; live: DeviceView }) {
  const { deviceId, name } = row
  const api = useApi()
  const [{ q, show }, setView] = useQueryStates(view, { history: 'push' })
  const groups = useMemo(() => (show === null ? null : [show]), [show])
  const counts = useQuery(api.devices.uploadCounts.queryOptions({ deviceId }))
  const list = useInfiniteQuery({
    ...api.devices.uploads.infiniteQueryOptions(
      { deviceId, groups, search: q, limit: 100 },
      { getNextPageParam: (page) => page.next ?? undefined },
    ),
    placeholderData: keepPreviousData,
  })
  const rows = useMemo(
    () =>
      mergeQueue(
        (list.data?.pages ?? []).flatMap((page) => page.rows),
        live.uploads,
        {
          groups,
          search: q,
          hasMore: list.hasNextPage,
        },
      ),
    [list.data, list.hasNextPage, live.uploads, groups, q],
  )
  const total = counts.data === undefined ? null : uploadGroups.reduce((sum, group) => sum + counts.data[group], 0)
  const projectId = row.project?.id ?? null
  const [toOffer, setToOffer] = useState<UploadRow | null>(null)
  const context: QueueContext = useMemo(
    () => ({ deviceId, projectId, progress: live.progress, onOfferAgain: setToOffer }),
    [deviceId, projectId, live.progress],
  )
  const columns = useMemo(() => queueColumns(context), [context])

  return (
    <section aria-label="Queue">
      <div className="flex flex-wrap items-center gap-2 pb-2">
        <div className="flex flex-1 flex-wrap gap-1.5">
          <Filter label="All" count={total} isOn={show === null} onPress={() => void setView({ show: null })} />
          {uploadGroups
            .filter((group) => (counts.data?.[group] ?? 0) > 0 || group === show)
            .map((group) => (
              <Filter
                key={group}
                label={groupLabels[group]}
                count={counts.data?.[group] ?? null}
                isOn={show === group}
                onPress={() => void setView({ show: show === group ? null : group })}
              />
            ))}
        </div>
        <SearchBox label="Search clips" value={q} onChange={(next) => void setView({ q: next })} />
      </div>
      <QueueActions row={row} />
      {row.report !== null && row.presence.state === 'offline' && (
        <p className="pb-2 text-sm text-ink-2">
          As it was <Age iso={row.report.receivedAt} suffix="ago" />, when the device told of it last.
        </p>
      )}
      {list.error !== null && <FailureNotice error={list.error} onRetry={() => void list.refetch()} />}
      {list.data === undefined && list.error === null && rows.length === 0 && <TableSkeleton rowCount={5} />}
      {list.data !== undefined && rows.length === 0 && (
        <NoClips isFiltered={q !== '' || show !== null} onShowAll={() => void setView(null)} />
      )}
      {rows.length > 0 && (
        <DataTable
          label="Clips of this device"
          columns={columns}
          rows={rows}
          rowKey={(upload: UploadRow) => upload.id}
          rowName={(upload) => upload.path}
          totalCount={q === '' ? (show === null ? total : (counts.data?.[show] ?? null)) : null}
          rowHeight={52}
          cardHeight={110}
          card={(upload) => <QueueCard upload={upload} context={context} />}
          onNearEnd={() => {
            if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage()
          }}
        />
      )}
      <ClipActionDialog
        chosen={
          toOffer === null
            ? null
            : {
                action: 'unblockUpload',
                clips: [
                  { ...toOffer, deviceId, deviceName: name, uploadId: toOffer.id, bytesLost: toOffer.bytesLost ?? 0 },
                ],
              }
        }
        onClose={() => setToOffer(null)}
      />
    </section>
  )
}

function Filter({
  label,
  count,
  isOn,
  onPress,
}: {
  label: string
  count: number | null
  isOn: boolean
  onPress: () => void
}) {
  return (
    <button
      type="button"
      aria-pressed={isOn}
      onClick={onPress}
      className={clsx(
        'inline-flex h-7 items-center gap-1.5 rounded-full border px-2.5 text-sm whitespace-nowrap max-md:h-9',
        isOn ? 'border-accent bg-accent-soft text-ink' : 'border-line bg-surface text-ink-2 hover:border-line-strong',
      )}
    >
      {label}
      <span className="font-medium text-ink">{count === null ? '–' : formatCount(count)}</span>
    </button>
  )
}

function NoClips({ isFiltered, onShowAll }: { isFiltered: boolean; onShowAll: () => void }) {
  return isFiltered ? (
    <EmptyState icon={SearchX} title="No clip fits" action={<Button onClick={onShowAll}>Show all clips</Button>}>
      No clip of this device has this name and is in this state.
    </EmptyState>
  ) : (
    <EmptyState icon={Film} title="No clips yet">
      Whatever lands in a folder that the device watches appears here within seconds.
    </EmptyState>
  )
}
