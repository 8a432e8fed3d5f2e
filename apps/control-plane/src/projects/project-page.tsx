'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { EyeOff, FileCheck, Plus } from 'lucide-react'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { formatBytes, plural } from '@/format/bytes.ts'
import { useRefreshOnChange } from '@/live/live-provider.tsx'
import { useMayOperate } from '@/shell/viewer.tsx'
import { TrashSummaryCard } from '@/trash/trash-summary-card.tsx'
import { Button, ButtonLink } from '@/ui/button.tsx'
import { Card, Fact, Facts } from '@/ui/card.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { Instant } from '@/ui/time.tsx'
import { tellDone, tellFailure } from '@/ui/toasts.tsx'
import { homeSentence } from '@/words/home-sentence.ts'
import { FolderByDialog } from './folder-by-dialog.tsx'
import { ManifestDialog } from './manifest-dialog.tsx'
import { OutstandingMoves } from './outstanding-moves.tsx'
import { PauseProjectDialog } from './pause-project-dialog.tsx'
import { ProjectDevices } from './project-devices.tsx'

const trail = [{ href: '/projects', label: 'Projects' }]

export function ProjectPage({ projectId }: { projectId: string }) {
  const api = useApi()
  const queries = useQueryClient()
  const mayOperate = useMayOperate()
  const [isPausing, setIsPausing] = useState(false)
  const [isFiling, setFiling] = useState(false)
  const [isTakingManifest, setTakingManifest] = useState(false)
  const project = useQuery(api.projects.get.queryOptions({ projectId }))
  useRefreshOnChange([api.projects.get.queryKey(), api.fleet.list.queryKey()])
  const resume = useMutation(
    api.projects.resumeSharing.mutationOptions({
      onSuccess: () => {
        tellDone('Sharing is resumed')
        void queries.invalidateQueries()
      },
      onError: tellFailure,
    }),
  )

  if (project.isError) {
    return (
      <>
        <PageHeader title="Project" trail={trail} />
        <FailureNotice error={project.error} onRetry={() => void project.refetch()} />
      </>
    )
  }
  if (project.isPending) {
    return (
      <>
        <PageHeader title={<span className="skeleton inline-block h-6 w-56" />} trail={trail} />
        <div className="skeleton h-40" />
      </>
    )
  }
  const { name, timezone, folderBy, createdAt, devices, clips, awaiting, retention, trash } = project.data
  const home = homeSentence(devices, null)
  const pausedCount = devices.sharingPausedCount
  return (
    <>
      <PageHeader
        title={name}
        trail={trail}
        actions={
          mayOperate && (
            <>
              <Button onClick={() => setTakingManifest(true)}>
                <FileCheck aria-hidden /> Manifest…
              </Button>
              {pausedCount > 0 && (
                <Button disabled={resume.isPending} onClick={() => resume.mutate({ projectId })}>
                  Resume sharing
                </Button>
              )}
              {devices.deviceCount > pausedCount && (
                <Button onClick={() => setIsPausing(true)}>
                  <EyeOff aria-hidden /> Pause sharing…
                </Button>
              )}
              <ButtonLink look="primary" href={`/add-device?project=${projectId}`}>
                <Plus aria-hidden /> Add device
              </ButtonLink>
            </>
          )
        }
      />
      <div className="flex flex-col gap-4">
        <section aria-label="Is everything home?">
          <p className={`text-lg font-semibold ${home.tone === 'ok' ? 'text-ok' : ''}`}>{home.text}</p>
          {home.details.length > 0 && <p className="text-ink-2">{home.details.join(' · ')}</p>}
        </section>
        {pausedCount > 0 && (
          <Notice tone="share" icon={EyeOff}>
            Sharing is paused on {plural(pausedCount, 'device')}, or on a channel of{' '}
            {pausedCount === 1 ? 'it' : 'theirs'}: what is captured there now will never upload.
          </Notice>
        )}
        {awaiting.length > 0 && <OutstandingMoves moves={awaiting} />}
        <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
          <ProjectDevices projectId={projectId} />
          <div className="flex flex-col gap-4">
            <Card
              title="At the destination"
              actions={
                <ButtonLink size="sm" look="quiet" href={`/uploads?project=${projectId}`}>
                  See clips
                </ButtonLink>
              }
            >
              <Facts>
                <Fact name="Clips">
                  {clips.availableCount === 0 ? 'none yet' : plural(clips.availableCount, 'clip')}
                </Fact>
                <Fact name="Verified">
                  {clips.availableCount === 0 ? '–' : `${clips.verifiedCount} of ${clips.availableCount}`}
                </Fact>
                <Fact name="Size">{formatBytes(clips.availableBytes)}</Fact>
                <Fact name="Under way">{clips.unfinishedCount}</Fact>
                <Fact name="Failed">
                  <span className={clips.failedCount > 0 ? 'font-medium text-bad' : ''}>{clips.failedCount}</span>
                </Fact>
              </Facts>
            </Card>
            <TrashSummaryCard project={{ id: projectId, name }} trash={trash} retention={retention} />
            <Card
              title="About"
              actions={
                mayOperate && (
                  <Button size="sm" look="quiet" onClick={() => setFiling(true)}>
                    Change filing…
                  </Button>
                )
              }
            >
              <Facts>
                <Fact name="Time zone">{timezone}</Fact>
                <Fact name="Filed by">{folderBy === 'capture' ? 'day of capture' : 'day of upload'}</Fact>
                <Fact name="Made">
                  <Instant iso={createdAt} />
                </Fact>
              </Facts>
            </Card>
          </div>
        </div>
      </div>
      <ManifestDialog project={{ id: projectId, name }} open={isTakingManifest} onOpenChange={setTakingManifest} />
      <FolderByDialog project={{ id: projectId, name }} folderBy={folderBy} open={isFiling} onOpenChange={setFiling} />
      <PauseProjectDialog project={{ id: projectId, name }} open={isPausing} onOpenChange={setIsPausing} />
    </>
  )
}
