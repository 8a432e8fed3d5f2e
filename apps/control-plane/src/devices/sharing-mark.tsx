import { EyeOff } from 'lucide-react'
import { Age } from '@/ui/time.tsx'

/** Sharing is paused: what is captured now never uploads. Its colour and place belong to it alone. */
export function SharingMark({ pause }: { pause: { since: string; by: string; channel: number | null } }) {
  const what = pause.channel === null ? 'Sharing' : `Channel ${pause.channel}`
  return (
    <span
      title={`${what} paused by ${pause.by}: what is captured ${pause.channel === null ? 'now' : 'on it now'} never uploads`}
      className="inline-flex items-center gap-1 rounded-sm bg-share-soft px-1.5 text-sm text-share"
    >
      <EyeOff aria-hidden className="size-3.5 shrink-0" />
      {what} paused <Age iso={pause.since} />
    </span>
  )
}
