'use client'
import { clsx } from 'clsx'
import { AudioLines, Film } from 'lucide-react'
import { useState } from 'react'
import { formatPlayTime } from '@/format/time.ts'
import { type ClipView, posterUrl } from './content-kind.ts'

/**
 * The small picture of a clip in a list. Its place is always the same, so that nothing jumps when it comes, or when there is
 * none. The name stands beside it, so for those who hear the page there is nothing to say.
 */
export function Poster({
  clip,
  view = 'clips',
  className,
}: {
  clip: { assetId: string | null; name: string; hasPoster: boolean; durationSeconds: number | null }
  view?: ClipView
  className?: string
}) {
  const [isBroken, setBroken] = useState(false)
  const Icon = /\.(wav|aiff?|mp3|m4a|flac|aac)$/i.test(clip.name) ? AudioLines : Film
  return (
    <span
      aria-hidden
      className={clsx(
        'relative flex aspect-video w-16 shrink-0 items-center justify-center overflow-hidden rounded-sm bg-sunken text-ink-3',
        className,
      )}
    >
      {clip.assetId !== null && clip.hasPoster && !isBroken ? (
        <img
          src={posterUrl(clip.assetId, view)}
          alt=""
          loading="lazy"
          decoding="async"
          width={64}
          height={36}
          onError={() => setBroken(true)}
          className="size-full object-contain"
        />
      ) : (
        <Icon className="size-4" />
      )}
      {clip.durationSeconds !== null && (
        <span className="absolute right-0 bottom-0 rounded-tl-sm bg-[rgb(0_0_0/0.65)] px-1 text-[10px] leading-3.5 text-[#fff]">
          {formatPlayTime(clip.durationSeconds)}
        </span>
      )}
    </span>
  )
}
