'use client'
import type { Clip } from '@rushes/fleet'
import { FileQuestion, TriangleAlert } from 'lucide-react'
import { type SyntheticEvent, useEffect, useRef, useState } from 'react'
import { Button } from '@/ui/button.tsx'
import { type ClipView, contentKindOf, contentUrl, posterUrl } from './content-kind.ts'
import { type NotShown, notShownWords, whyNotShown } from './why-not-shown.ts'

/**
 * Plays a clip that is whole, straight from where it is stored. `startsItself`: it came while somebody waited for it, and its picture begins
 * to move, without its sound.
 */
export function ClipPlayer({ clip, view, startsItself }: { clip: Clip; view: ClipView; startsItself: boolean }) {
  const url = contentUrl(clip.assetId, view)
  const kind = contentKindOf(clip.filetype)
  const [notShown, setNotShown] = useState<NotShown | null>(null)
  const [attempt, setAttempt] = useState(0)
  const asking = useRef<AbortController | null>(null)
  useEffect(() => () => asking.current?.abort(), [])

  const onError = () => {
    asking.current?.abort()
    const asked = new AbortController()
    asking.current = asked
    void whyNotShown(url, asked.signal).then((why) => {
      if (!asked.signal.aborted) setNotShown(why)
    })
  }
  const name = `${clip.name}, ${clip.filetype}`
  if (kind === 'none')
    return (
      <Screen icon={FileQuestion} title="No preview for this kind of file">
        It is of the type {clip.filetype}. Download it to open it in a program that knows it.
      </Screen>
    )
  if (notShown !== null && notShown !== 'noPicture')
    return (
      <Screen
        icon={TriangleAlert}
        title={notShownWords[notShown].title}
        action={
          notShown !== 'format' && (
            <Button
              onClick={() => {
                setNotShown(null)
                setAttempt(attempt + 1)
              }}
            >
              Try again
            </Button>
          )
        }
      >
        {notShownWords[notShown].text}
      </Screen>
    )
  if (kind === 'image')
    return (
      <div className="flex justify-center rounded-lg border border-line bg-sunken">
        {/* The clip itself, in its own size: there is nothing to be made smaller on the way. */}
        <img key={attempt} src={url} alt={name} onError={onError} className="max-h-[70vh] rounded-lg object-contain" />
      </div>
    )
  if (kind === 'audio')
    return (
      <div className="flex aspect-[4/1] items-center rounded-lg border border-line bg-sunken px-4">
        {/* biome-ignore lint/a11y/useMediaCaption: rushes have no captions */}
        <audio
          key={attempt}
          src={url}
          aria-label={name}
          controls
          preload="metadata"
          onError={onError}
          className="w-full"
        />
      </div>
    )
  return (
    <div>
      <video
        key={attempt}
        src={url}
        poster={clip.media?.hasPoster === true ? posterUrl(clip.assetId, view) : undefined}
        aria-label={name}
        controls
        playsInline
        autoPlay={startsItself && !wantsLessMotion()}
        muted={startsItself}
        preload="metadata"
        onError={onError}
        onLoadedMetadata={(event: SyntheticEvent<HTMLVideoElement>) => {
          if (event.currentTarget.videoWidth === 0) setNotShown('noPicture')
        }}
        className="aspect-video max-h-[70vh] w-full rounded-lg border border-line bg-[#000]"
      />
      {notShown === 'noPicture' && (
        <p role="status" className="pt-2 text-ink-2">
          <TriangleAlert aria-hidden className="mr-1.5 inline size-4 align-text-bottom text-warn" />
          <span className="font-medium text-ink">{notShownWords.noPicture.title}.</span> {notShownWords.noPicture.text}
        </p>
      )}
    </div>
  )
}

const wantsLessMotion = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches

/** Where the picture would be, saying why there is none. */
export function Screen({
  icon: Icon,
  title,
  children,
  action,
}: {
  icon: typeof FileQuestion
  title: string
  children: React.ReactNode
  action?: React.ReactNode
}) {
  return (
    <div
      role="status"
      className="flex min-h-56 w-full flex-col items-center justify-center gap-2 rounded-lg border border-line bg-sunken px-6 py-8 text-center md:aspect-video md:max-h-[60vh]"
    >
      <Icon aria-hidden className="size-6 text-ink-2" />
      <p className="text-lg font-semibold">{title}</p>
      <div className="max-w-md text-ink-2">{children}</div>
      {action && <div className="pt-2">{action}</div>}
    </div>
  )
}
