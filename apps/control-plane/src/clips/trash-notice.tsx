'use client'
import type { Clip } from '@rushes/fleet'
import { Trash2 } from 'lucide-react'
import Link from 'next/link'
import { RemovalMark } from '@/trash/removal-mark.tsx'
import { useTrash } from '@/trash/use-trash.ts'
import { Button } from '@/ui/button.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Instant } from '@/ui/time.tsx'

/** Says that this clip is in the trash, by whom, until when, and offers the way back. */
export function TrashNotice({ clip, mayRestore }: { clip: Clip; mayRestore: boolean }) {
  const { restore, isBusy } = useTrash()
  const { trash } = clip
  if (trash === null) return null
  if (trash.state !== 'trashed')
    return (
      <Notice tone="mute" icon={Trash2}>
        <p className="font-medium">
          {trash.state === 'removed' ? 'Removed for good' : 'Being removed for good'}
          {trash.removedAt !== null && (
            <>
              {' '}
              at <Instant iso={trash.removedAt} />
            </>
          )}
        </p>
        <p className="text-ink-2">
          {trash.by} had moved it to the trash. What is known of it stays, for its device and for manifests.
        </p>
      </Notice>
    )
  return (
    <Notice tone="warn" icon={Trash2}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <p className="font-medium">
            In the{' '}
            <Link href={`/projects/${clip.project.id}/trash`} className="underline">
              trash
            </Link>{' '}
            since <Instant iso={trash.at} />, moved there by {trash.by}
          </p>
          <p className="flex flex-wrap items-center gap-x-3 text-ink-2">
            {trash.reason !== null && <span>“{trash.reason}”</span>}
            <span className="inline-flex items-center gap-1.5">
              It can be restored for <RemovalMark clip={{ removesAt: trash.removesAt, removing: null }} />
            </span>
          </p>
        </div>
        {mayRestore && (
          <Button disabled={isBusy} onClick={() => void restore([clip])}>
            Restore
          </Button>
        )}
      </div>
    </Notice>
  )
}
