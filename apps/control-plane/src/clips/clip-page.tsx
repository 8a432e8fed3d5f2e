'use client'
import type { Clip, ClipRow } from '@rushes/fleet'
import { useQuery } from '@tanstack/react-query'
import { Download, PencilLine, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { useRefreshOnDeviceChange } from '@/live/live-provider.tsx'
import { useMayOperate } from '@/shell/viewer.tsx'
import { useTrash } from '@/trash/use-trash.ts'
import { Button, buttonClass } from '@/ui/button.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { StatePill } from '@/ui/state-mark.tsx'
import { tellFailure } from '@/ui/toasts.tsx'
import { actionWords, clipActionOf } from '@/uploads/clip-action.ts'
import { type ChosenClips, ClipActionDialog } from '@/uploads/clip-action-dialog.tsx'
import { wordsForCustody } from '@/words/custody-words.ts'
import { ClipFacts } from './clip-facts.tsx'
import { ClipPlayer, Screen } from './clip-player.tsx'
import { clipStateWords } from './clip-state-words.ts'
import { contentUrl } from './content-kind.ts'
import { CustodyCard } from './custody-card.tsx'
import { DeviceAccount } from './device-account.tsx'
import { NotHereYet } from './not-here-yet.tsx'
import { RenameClipDialog } from './rename-clip-dialog.tsx'
import { TrashNotice } from './trash-notice.tsx'

const trail = [{ href: '/uploads', label: 'Uploads' }]
/** While bytes arrive or are being checked, the page looks by itself. */
const unsettledRefreshMs = 2_000
/** Whoever has the page of a clip open that is still to come waits for it. */
const refreshEveryMs = { awaited: 250, here: 2_000 }

export function ClipPage({ assetId }: { assetId: string }) {
  const api = useApi()
  const mayOperate = useMayOperate()
  const [chosen, setChosen] = useState<ChosenClips | null>(null)
  const [isRenaming, setRenaming] = useState(false)
  const trash = useTrash()
  const query = useQuery(
    api.clips.get.queryOptions(
      { assetId },
      {
        refetchInterval: ({ state }) =>
          state.data !== undefined && !isSettled(state.data) ? unsettledRefreshMs : false,
      },
    ),
  )
  const clip = query.data
  const isAwaited = clip?.state === 'created' || clip?.state === 'assembling'
  const [wasAwaited, setAwaited] = useState(false)
  if (isAwaited && !wasAwaited) setAwaited(true)
  useRefreshOnDeviceChange(
    clip?.device.id ?? null,
    [api.clips.get.pathKey(), api.clips.parts.pathKey()],
    isAwaited ? refreshEveryMs.awaited : refreshEveryMs.here,
  )

  if (clip === undefined)
    return (
      <>
        <PageHeader
          title={query.isError ? 'Clip' : <span className="skeleton inline-block h-6 w-56" />}
          trail={trail}
        />
        {query.isError ? (
          <FailureNotice error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <div role="status" aria-label="Loading" className="skeleton aspect-video max-h-[60vh] w-full" />
        )}
      </>
    )
  const view = clip.trash === null ? 'clips' : 'trash'
  const isShown = clip.state === 'available' && (clip.trash === null || (clip.trash.state === 'trashed' && mayOperate))
  const row = rowOf(clip)
  const action = row === null || !mayOperate ? null : clipActionOf(row)
  return (
    <>
      <PageHeader
        title={clip.name}
        trail={trail}
        marks={
          <>
            {clip.custody.state !== 'mismatch' && <StatePill words={clipStateWords[clip.state]} />}
            {clip.custody.state !== 'no' && (
              <StatePill words={wordsForCustody(clip.custody.state, clip.reading.mismatchBecause)} />
            )}
          </>
        }
        actions={
          <>
            {mayOperate && (
              <Button onClick={() => setRenaming(true)}>
                <PencilLine aria-hidden />
                Rename…
              </Button>
            )}
            {isShown && (
              <>
                {mayOperate && clip.trash === null && (
                  <Button disabled={trash.isBusy} onClick={() => void trash.put([clip]).catch(tellFailure)}>
                    <Trash2 aria-hidden />
                    Move to trash
                  </Button>
                )}
                <a href={contentUrl(assetId, view)} download={clip.name} className={buttonClass('primary')}>
                  <Download aria-hidden />
                  Download
                </a>
              </>
            )}
          </>
        }
      />
      {query.isError && (
        <div className="pb-4">
          <FailureNotice error={query.error} onRetry={() => void query.refetch()} />
        </div>
      )}
      {clip.trash !== null && (
        <div className="pb-4">
          <TrashNotice clip={clip} mayRestore={mayOperate} />
        </div>
      )}
      <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="flex min-w-0 flex-col gap-4">
          {isShown ? (
            // Another view is another address: what was found out about the former one does not count.
            <ClipPlayer key={view} clip={clip} view={view} startsItself={wasAwaited} />
          ) : clip.trash === null ? (
            <NotHereYet clip={clip} />
          ) : (
            <Screen icon={Trash2} title={clip.trash.state === 'trashed' ? 'In the trash' : 'There is nothing to play'}>
              {clip.trash.state === 'trashed'
                ? 'It is not played while it is there. An operator can restore it.'
                : 'Its bytes were removed from the store.'}
            </Screen>
          )}
          <CustodyCard clip={clip} />
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <DeviceAccount
            clip={clip}
            actionLabel={action === null ? null : actionWords[action].label}
            onAct={() => {
              if (row !== null && action !== null) setChosen({ action, clips: [row] })
            }}
          />
          <ClipFacts clip={clip} />
        </div>
      </div>
      <RenameClipDialog clip={clip} open={isRenaming} onOpenChange={setRenaming} />
      <ClipActionDialog chosen={chosen} onClose={() => setChosen(null)} />
    </>
  )
}

function isSettled(clip: Clip): boolean {
  if (clip.state === 'failed' || clip.state === 'closed') return true
  const { pending } = clip.reading
  if (pending !== null && (pending.asked !== null || pending.partsRead !== null)) return false
  const isJudged = clip.custody.state !== 'pending' && clip.custody.state !== 'no'
  return clip.state === 'available' && isJudged && !isBeingLookedInto(clip)
}

/** For a minute after its arrival; where nobody can look into clips, the page does not wait for ever. */
function isBeingLookedInto({ media, availableAt }: Clip): boolean {
  return media?.state === 'waiting' && availableAt !== null && Date.now() - Date.parse(availableAt) < 60_000
}

/** The clip as the list of uploads has it; null when its device does not report it. */
function rowOf(clip: Clip): ClipRow | null {
  const { report } = clip
  if (report === null) return null
  const { id: uploadId, projectId: _, ...told } = report
  return {
    ...told,
    bytesLost: told.bytesLost ?? 0,
    uploadId,
    assetId: clip.assetId,
    deviceId: clip.device.id,
    deviceName: clip.device.name,
    name: clip.name,
    project: clip.project,
    custody: clip.custody.state,
    availableAt: clip.availableAt,
    hasPoster: clip.media?.hasPoster ?? false,
    durationSeconds: clip.media?.durationSeconds ?? null,
    isDestinationOurs: true,
  }
}
