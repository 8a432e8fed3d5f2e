import type { Clip } from '@rushes/fleet'
import { formatPlayTime } from '@/format/time.ts'
import { Fact, None, Unknown } from '@/ui/card.tsx'

/** What was read out of the stored file. Nothing at all where there is nothing to be read, or nobody who could. */
export function MediaRows({ media }: { media: Clip['media'] }) {
  if (media === null || media.state === 'none') return null
  if (media.state === 'failed')
    return (
      <Fact name="Length">
        <Unknown why="The stored file could not be read as what it says it is" />
      </Fact>
    )
  if (media.state === 'waiting') return null
  const { durationSeconds, video, audio } = media
  return (
    <>
      {durationSeconds !== null && (
        <Fact name="Length">
          <span title={`${durationSeconds.toFixed(3)} seconds`}>{formatPlayTime(durationSeconds)}</span>
        </Fact>
      )}
      <Fact name="Picture">
        {video === null ? (
          <None />
        ) : (
          <>
            {video.width} × {video.height}
            {video.framesPerSecond !== null && <>, {rounded(video.framesPerSecond)} fps</>}
            <span className="text-ink-2">, {video.codec}</span>
          </>
        )}
      </Fact>
      {durationSeconds !== null && (
        <Fact name="Sound">
          {audio === null ? (
            <None />
          ) : (
            <>
              {audio.channels !== null && <>{channels(audio.channels)}, </>}
              {audio.sampleRateHz !== null && <>{rounded(audio.sampleRateHz / 1000)} kHz</>}
              <span className="text-ink-2">, {audio.codec}</span>
            </>
          )}
        </Fact>
      )}
    </>
  )
}

const rounded = (value: number) => String(Number(value.toFixed(2)))

const channels = (count: number) => (count === 1 ? 'mono' : count === 2 ? 'stereo' : `${count} channels`)
