'use client'
import { formatBytes, plural } from '@/format/bytes.ts'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import { type NamedClip, useTrash } from './use-trash.ts'

export type ClipsToPut = { clips: readonly (NamedClip & { sizeBytes: number | null })[]; leftOutCount: number }

/** Shows what goes into the trash before it goes there. */
export function PutDialog({ chosen, onClose }: { chosen: ClipsToPut | null; onClose: (isDone: boolean) => void }) {
  const { put } = useTrash()
  if (chosen === null) return null
  const { clips, leftOutCount } = chosen
  const byteCount = clips.reduce((sum, clip) => sum + (clip.sizeBytes ?? 0), 0)
  return (
    <ReasonDialog
      open
      onOpenChange={(open) => {
        if (!open) onClose(false)
      }}
      title={`Put ${plural(clips.length, 'clip')} into the trash`}
      description="They leave the lists and are not played any more. Until the days of their project are over they can be restored."
      confirmLabel="Move to trash"
      isReasonNeeded={false}
      isReady={clips.length > 0}
      onConfirm={async () => {
        await put(clips)
        onClose(true)
      }}
    >
      <div>
        <p className="mb-2">
          {plural(clips.length, 'clip')}, {formatBytes(byteCount)}
        </p>
        <ul
          aria-label="Clips that go into the trash"
          className="max-h-60 divide-y divide-line overflow-y-auto rounded-md border border-line"
        >
          {clips.map((clip) => (
            <li key={clip.assetId} className="flex items-baseline gap-3 px-3 py-1.5">
              <span className="min-w-0 flex-1 truncate">{clip.name}</span>
              <span className="text-ink-2">{clip.sizeBytes === null ? '' : formatBytes(clip.sizeBytes)}</span>
            </li>
          ))}
        </ul>
      </div>
      {leftOutCount > 0 && (
        <p className="text-ink-2">
          {plural(leftOutCount, 'other clip')} of your choice {leftOutCount === 1 ? 'is' : 'are'} not whole at the
          destination and {leftOutCount === 1 ? 'stays' : 'stay'}.
        </p>
      )}
    </ReasonDialog>
  )
}
