'use client'
import { CircleDot, CloudOff, LoaderCircle } from 'lucide-react'
import { formatAge } from '@/format/time.ts'
import { useConnection, useStaleMs } from '@/live/live-provider.tsx'

/** Whether what is shown is what the server knows at this moment. */
export function LiveMark() {
  const { state } = useConnection()
  const staleMs = useStaleMs()
  if (staleMs !== null)
    return (
      <span className="flex h-8 items-center gap-2 px-2 text-sm text-warn">
        <CloudOff aria-hidden className="size-4" />
        Data is {formatAge(staleMs)} old
      </span>
    )
  if (state === 'live')
    return (
      <span className="flex h-8 items-center gap-2 px-2 text-sm text-ink-2">
        <CircleDot aria-hidden className="size-4 text-ok" />
        Live
      </span>
    )
  return (
    <span className="flex h-8 items-center gap-2 px-2 text-sm text-ink-2">
      <LoaderCircle aria-hidden className="size-4" />
      Connecting
    </span>
  )
}

/** Told once above the page when the stream is lost, and once when it is back. */
export function StaleBanner() {
  const staleMs = useStaleMs()
  return (
    <div role="status">
      {staleMs !== null && (
        <div className="flex items-center gap-2 border-b border-line bg-warn-soft px-6 py-2 text-base max-md:px-4">
          <CloudOff aria-hidden className="size-4 shrink-0 text-warn" />
          <span>
            <strong className="font-semibold">
              Data is <span aria-live="off">{formatAge(staleMs)}</span> old.
            </strong>{' '}
            The live connection to the server is lost; it is tried again by itself.
          </span>
        </div>
      )}
    </div>
  )
}
