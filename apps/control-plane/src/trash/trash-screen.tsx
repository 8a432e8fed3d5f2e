'use client'
import type { TrashedClip } from '@rushes/fleet'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useMemo, useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { formatBytes, plural } from '@/format/bytes.ts'
import { useRefreshOnChange } from '@/live/live-provider.tsx'
import { useIsAdmin, useMayOperate } from '@/shell/viewer.tsx'
import { Button, ButtonLink } from '@/ui/button.tsx'
import { DataTable, TableSkeleton } from '@/ui/data-table.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { EmptyState } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { useSelection } from '@/uploads/use-selection.ts'
import { EmptyDialog } from './empty-dialog.tsx'
import { retentionSentence } from './retention-sentence.ts'
import { TrashCard, trashColumns } from './trash-rows.tsx'
import { useTrash } from './use-trash.ts'

/** While clips are being removed, the page looks by itself. */
const removingRefreshMs = 3_000

/** What lies in the trash of a project: by whom, since when, until when, and the way back. */
export function TrashScreen({ projectId }: { projectId: string }) {
  const api = useApi()
  const router = useRouter()
  const [mayOperate, isAdmin] = [useMayOperate(), useIsAdmin()]
  const [isEmptying, setEmptying] = useState(false)
  const { restore, isBusy } = useTrash()
  const project = useQuery(
    api.projects.get.queryOptions(
      { projectId },
      { refetchInterval: ({ state }) => ((state.data?.trash.removingCount ?? 0) > 0 ? removingRefreshMs : false) },
    ),
  )
  const list = useInfiniteQuery(
    api.trash.list.infiniteQueryOptions(
      { projectId, limit: 100 },
      {
        getNextPageParam: (page) => page.next,
        refetchInterval: ({ state }) =>
          state.data?.pages.some((page) => page.clips.some((clip) => clip.removing !== null)) === true
            ? removingRefreshMs
            : false,
      },
    ),
  )
  useRefreshOnChange([api.trash.list.pathKey(), api.projects.get.queryKey()])
  const clips = useMemo(() => (list.data?.pages ?? []).flatMap((page) => page.clips), [list.data])
  const selection = useSelection(clips, (clip) => clip.assetId)
  const chosen = selection.chosenRows.filter((clip) => clip.removing === null)
  const restoreOne = mayOperate ? (clip: TrashedClip) => void restore([clip]) : null
  const { name, trash, retention } = project.data ?? {}
  return (
    <>
      <PageHeader
        title="Trash"
        trail={[
          { href: '/projects', label: 'Projects' },
          { href: `/projects/${projectId}`, label: name ?? 'Project' },
        ]}
        actions={
          isAdmin &&
          trash !== undefined &&
          trash.clipCount > 0 && (
            <Button className="text-bad" onClick={() => setEmptying(true)}>
              <Trash2 aria-hidden /> Empty trash…
            </Button>
          )
        }
      />
      {trash !== undefined && retention !== undefined && (
        <p className="pb-3 text-ink-2">
          {trash.clipCount > 0 && (
            <>
              {plural(trash.clipCount, 'clip')}, {formatBytes(trash.byteCount)}.{' '}
            </>
          )}
          {trash.removingCount > 0 && <>{plural(trash.removingCount, 'clip')} being removed. </>}
          {retentionSentence(retention)}
        </p>
      )}
      {[project, list].map(
        (query, index) =>
          query.isError && (
            <div key={index === 0 ? 'project' : 'list'} className="pb-3">
              <FailureNotice error={query.error} onRetry={() => void query.refetch()} />
            </div>
          ),
      )}
      {list.isPending ? (
        <TableSkeleton />
      ) : list.data !== undefined && clips.length === 0 ? (
        <EmptyState
          icon={Trash2}
          title="The trash is empty"
          action={<ButtonLink href={`/uploads?project=${projectId}`}>See clips</ButtonLink>}
        >
          A clip that is moved to the trash leaves the lists and can be restored from here until its days are over.
        </EmptyState>
      ) : (
        clips.length > 0 && (
          <>
            {chosen.length > 0 && (
              <section
                aria-label="Selection"
                className="sticky top-0 z-20 mb-2 flex flex-wrap items-center gap-2 rounded-md border border-line-strong bg-raised px-3 py-2 shadow-raised"
              >
                <p className="min-w-0 flex-1" role="status">
                  {plural(chosen.length, 'clip')} selected
                </p>
                <Button
                  size="sm"
                  disabled={isBusy}
                  onClick={() => {
                    selection.clear()
                    void restore(chosen)
                  }}
                >
                  Restore {chosen.length}
                </Button>
                <Button size="sm" look="quiet" onClick={selection.clear}>
                  Clear selection
                </Button>
              </section>
            )}
            <DataTable
              label="Clips in the trash"
              columns={trashColumns({ onRestore: restoreOne, isBusy, mayLook: mayOperate })}
              rows={clips}
              rowKey={(clip) => clip.assetId}
              rowName={(clip) => clip.name}
              totalCount={trash === undefined ? null : trash.clipCount + trash.removingCount}
              rowHeight={60}
              cardHeight={120}
              onOpen={(clip) => router.push(`/clips/${clip.assetId}`)}
              card={(clip) => <TrashCard clip={clip} onRestore={restoreOne} isBusy={isBusy} mayLook={mayOperate} />}
              onNearEnd={() => {
                if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage()
              }}
              {...(mayOperate ? { selection } : {})}
            />
            <p role="status" className="py-3 text-sm text-ink-2">
              {list.isFetchingNextPage ? 'Loading more …' : list.hasNextPage ? '' : 'That is all.'}
            </p>
          </>
        )
      )}
      {name !== undefined && trash !== undefined && (
        <EmptyDialog project={{ id: projectId, name }} trash={trash} open={isEmptying} onOpenChange={setEmptying} />
      )}
    </>
  )
}
