import { EyeOff } from 'lucide-react'
import { Age } from '@/ui/time.tsx'

/** Sharing is paused: what is captured now never uploads. Its colour and place belong to it alone. */
export function SharingMark({ pause }: { pause: { since: string; by: string } }) {
  return (
    <span
      title={`Sharing paused by ${pause.by}: what is captured now never uploads`}
      className="inline-flex items-center gap-1 rounded-sm bg-share-soft px-1.5 text-sm text-share"
    >
      <EyeOff aria-hidden className="size-3.5 shrink-0" />
      Sharing paused <Age iso={pause.since} />
    </span>
  )
}
