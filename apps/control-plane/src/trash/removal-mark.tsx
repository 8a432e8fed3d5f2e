'use client'
import type { TrashedClip } from '@rushes/fleet'
import { Hourglass, OctagonAlert, Timer } from 'lucide-react'
import { formatDaysLeft, formatExact } from '@/format/time.ts'
import { StateMark } from '@/ui/state-mark.tsx'
import { useNowMs } from '@/ui/use-now.ts'

/** How long a clip can still be restored, or that its removal has begun. */
export function RemovalMark({ clip }: { clip: Pick<TrashedClip, 'removesAt' | 'removing'> }) {
  const nowMs = useNowMs()
  const { removing, removesAt } = clip
  if (removing !== null) {
    const { lastError, isGivenUp } = removing
    if (lastError === null) return <StateMark words={{ label: 'Being removed', tone: 'mute', icon: Hourglass }} />
    const label = isGivenUp ? 'Could not be removed' : 'Removal is tried again'
    return (
      <span className="min-w-0" title={lastError}>
        <StateMark words={{ label, tone: isGivenUp ? 'bad' : 'warn', icon: OctagonAlert }} className="max-w-full" />
        <span className="block truncate text-sm text-ink-2">{lastError}</span>
      </span>
    )
  }
  if (nowMs === null) return <span className="inline-block w-16" />
  const leftMs = Date.parse(removesAt) - nowMs
  return (
    <time dateTime={removesAt} title={`Removed for good at ${formatExact(removesAt)}`}>
      <StateMark
        words={{ label: formatDaysLeft(leftMs), tone: leftMs < 3 * 86_400_000 ? 'warn' : 'mute', icon: Timer }}
      />
    </time>
  )
}
