'use client'
import type { ClipRow } from '@rushes/fleet'
import type { UploadState } from '@rushes/protocol'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { useRouter } from 'next/navigation'
import { useMemo, useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { useRefreshOnChange } from '@/live/live-provider.tsx'
import { useMayOperate } from '@/shell/viewer.tsx'
import { type ClipsToPut, PutDialog } from '@/trash/put-dialog.tsx'
import { DataTable, TableSkeleton } from '@/ui/data-table.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { tellFailure } from '@/ui/toasts.tsx'
import { AttentionActions, isTrashable, SelectionBar } from './bulk-actions.tsx'
import { clipActionOf } from './clip-action.ts'
import { type ChosenClips, ClipActionDialog } from './clip-action-dialog.tsx'
import { ClipCard } from './clip-card.tsx'
import { attentionColumns, clipColumns } from './clip-columns.tsx'
import { clipHref, clipKey } from './clip-key.ts'
import { ConditionNotices } from './condition-notices.tsx'
import { NoClips } from './no-clips.tsx'
import { UploadFilters } from './upload-filters.tsx'
import { useDeleteKey } from './use-delete-key.ts'
import { useGatherMatching } from './use-gather-matching.ts'
import { useSelection } from './use-selection.ts'
import { useUploadFilter } from './use-upload-filter.ts'

const pageSize = 100
const maxToTrash = 500
/** Bytes alone are not announced to this page: while something moves on it, it looks by itself. */
const movingRefreshMs = 5_000

export function UploadsScreen() {
  const api = useApi()
  const router = useRouter()
  const mayOperate = useMayOperate()
  const filter = useUploadFilter()
  const [chosen, setChosen] = useState<ChosenClips | null>(null)
  const [toTrash, setToTrash] = useState<ClipsToPut | null>(null)
  const gather = useGatherMatching()

  const counts = useQuery(
    api.uploads.counts.queryOptions({ filter: filter.countFilter }, { placeholderData: (before) => before }),
  )
  const list = useInfiniteQuery(
    api.uploads.list.infiniteQueryOptions(
      { filter: filter.filter, limit: pageSize },
      {
        getNextPageParam: (page) => page.next,
        placeholderData: keepPreviousData,
        refetchInterval: ({ state }) =>
          (state.data?.pages ?? []).length < 4 && state.data?.pages.some((page) => page.rows.some(isMoving)) === true
            ? movingRefreshMs
            : false,
      },
    ),
  )
  useRefreshOnChange([api.uploads.list.pathKey(), api.uploads.counts.pathKey()])
  const rows = useMemo(() => (list.data?.pages ?? []).flatMap((page) => page.rows), [list.data])
  const selection = useSelection(rows, clipKey)

  const putAway = () => setToTrash(trashOf(selection.chosenRows))
  useDeleteKey(mayOperate && toTrash === null && selection.chosenRows.some(isTrashable) ? putAway : null)

  const onAct = mayOperate
    ? (row: ClipRow) => {
        const action = clipActionOf(row)
        if (action !== null) setChosen({ action, clips: [row] })
      }
    : null
  const actOnAll = async (action: ChosenClips['action']) => {
    try {
      const { clips, isCutShort } = await gather({ ...filter.filter, states: statesFor(action, filter.address.state) })
      setChosen({ action, clips: clips.filter((clip) => clipActionOf(clip) === action), isCutShort })
    } catch (error) {
      tellFailure(error) // nothing was sent; the person may press again
    }
  }
  const columns = filter.isAttention ? attentionColumns(onAct) : clipColumns(onAct)

  return (
    <>
      <PageHeader
        title={filter.isAttention ? 'Needs attention' : 'Uploads'}
        actions={
          mayOperate && filter.isAttention ? (
            <AttentionActions
              countOf={(action) =>
                statesFor(action, filter.address.state).reduce((sum, state) => sum + (counts.data?.[state] ?? 0), 0)
              }
              onAct={actOnAll}
            />
          ) : undefined
        }
      />
      {filter.isAttention && <ConditionNotices />}
      <UploadFilters filter={filter} counts={counts.data} />
      {list.isError && (
        <div className="pb-3">
          <FailureNotice error={list.error} onRetry={() => void list.refetch()} />
        </div>
      )}
      {list.isPending ? (
        <TableSkeleton />
      ) : list.data !== undefined && rows.length === 0 ? (
        <NoClips filter={filter} />
      ) : (
        rows.length > 0 && (
          <div aria-busy={list.isPlaceholderData} className={clsx(list.isPlaceholderData && 'opacity-60')}>
            {selection.chosenRows.length > 0 && (
              <SelectionBar
                rows={selection.chosenRows}
                onClear={selection.clear}
                onAct={(action) => setChosen({ action, clips: selection.chosenRows })}
                onTrash={putAway}
              />
            )}
            <DataTable
              label={filter.isAttention ? 'Clips that need attention' : 'Clips'}
              columns={columns}
              rows={rows}
              rowKey={clipKey}
              rowName={(row) => row.name}
              totalCount={totalOf(filter.address, counts.data)}
              rowHeight={filter.isAttention ? 68 : 56}
              cardHeight={112}
              onOpen={(row) => router.push(clipHref(row))}
              card={(row) => <ClipCard row={row} onAct={onAct} isAttention={filter.isAttention} />}
              onNearEnd={() => {
                if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage()
              }}
              {...(mayOperate ? { selection } : {})}
            />
            <p role="status" className="py-3 text-sm text-ink-2">
              {list.isFetchingNextPage ? 'Loading more …' : list.hasNextPage ? '' : 'That is all.'}
            </p>
          </div>
        )
      )}
      <PutDialog
        chosen={toTrash}
        onClose={(isDone) => {
          setToTrash(null)
          if (isDone) selection.clear()
        }}
      />
      <ClipActionDialog
        chosen={chosen}
        onClose={(isSent) => {
          setChosen(null)
          if (isSent) selection.clear()
        }}
      />
    </>
  )
}

/** The chosen clips as the trash takes them; at most as many as go there at once. */
function trashOf(rows: readonly ClipRow[]): ClipsToPut {
  const clips = rows.filter(isTrashable).slice(0, maxToTrash)
  return {
    clips: clips.flatMap(({ assetId, name, sizeBytes }) => (assetId === null ? [] : [{ assetId, name, sizeBytes }])),
    leftOutCount: rows.length - clips.length,
  }
}

/** In which of the shown states clips are that an action may help. */
function statesFor(action: ChosenClips['action'], shown: readonly UploadState[]): UploadState[] {
  const states = statesOfAction[action]
  return shown.length === 0 ? states : states.filter((state) => shown.includes(state))
}

const statesOfAction: Record<ChosenClips['action'], UploadState[]> = {
  retryUploads: ['failed', 'waiting'],
  releaseUploads: ['held'],
  unblockUpload: ['blocked'],
}

const isMoving = (row: ClipRow) => row.state === 'uploading' || row.state === 'registering'

/** How many match in all; the counts know nothing of custody. */
function totalOf(
  { state, custody }: ReturnType<typeof useUploadFilter>['address'],
  counts: Partial<Record<ClipRow['state'], number>> | undefined,
): number | null {
  if (counts === undefined || custody !== null) return null
  const counted = state.length === 0 ? Object.values(counts) : state.map((one) => counts[one] ?? 0)
  return counted.reduce((sum, count) => sum + count, 0)
}
