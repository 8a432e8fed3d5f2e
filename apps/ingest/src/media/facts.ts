import type { MediaFacts } from '@rushes/fleet'
import { z } from 'zod'

/** What ffprobe is asked for. */
export const factEntries =
  'format=duration:stream=codec_type,codec_name,width,height,sample_aspect_ratio,avg_frame_rate,r_frame_rate,channels,sample_rate,duration:stream_disposition=attached_pic:stream_side_data=rotation'

const seconds = z.coerce.number().nonnegative().max(31_536_000).nullable().catch(null)
const text = z.string().regex(/^[\w.-]{1,40}$/)
const pixels = z.number().int().min(1).max(131_072)
const stream = z.object({
  codec_type: z.string().catch(''),
  codec_name: text.nullable().catch(null),
  width: pixels.nullable().catch(null),
  height: pixels.nullable().catch(null),
  sample_aspect_ratio: z.string().catch(''),
  avg_frame_rate: z.string().catch(''),
  r_frame_rate: z.string().catch(''),
  channels: z.number().int().min(1).max(1_024).nullable().catch(null),
  sample_rate: z.coerce.number().int().min(1).max(100_000_000).nullable().catch(null),
  duration: seconds,
  disposition: z.object({ attached_pic: z.number() }).catch({ attached_pic: 0 }),
  side_data_list: z.array(z.object({ rotation: z.number().nullable().catch(null) })).catch([]),
})
const nothing = { streams: [], format: { duration: null } }
const probed = z
  .object({
    streams: z.array(stream).catch(nothing.streams),
    format: z.object({ duration: seconds }).catch(nothing.format),
  })
  .catch(nothing)

/**
 * Reads what ffprobe has printed about a clip. Every value came out of a file that anybody may have made: what is not plausible
 * is as good as not told. Null when there is neither picture nor sound.
 */
export function readFacts(printed: string, options: { isStill: boolean }): MediaFacts | null {
  const { streams, format } = probed.parse(parseJson(printed))
  const picture = streams.find((one) => one.codec_type === 'video' && one.disposition.attached_pic === 0)
  const sound = streams.find((one) => one.codec_type === 'audio')
  const video = picture === undefined ? null : videoOf(picture)
  const audio =
    sound === undefined || sound.codec_name === null
      ? null
      : { codec: sound.codec_name, channels: sound.channels, sampleRateHz: sound.sample_rate }
  if (video === null && audio === null) return null
  if (options.isStill)
    return { durationSeconds: null, video: video && { ...video, framesPerSecond: null }, audio: null }
  return { durationSeconds: format.duration ?? picture?.duration ?? sound?.duration ?? null, video, audio }
}

function videoOf(picture: z.infer<typeof stream>): MediaFacts['video'] {
  const { codec_name: codec, width, height } = picture
  if (codec === null || width === null || height === null) return null
  const shownWidth = Math.max(1, Math.round(width * (ratioOf(picture.sample_aspect_ratio, ':', 100) ?? 1)))
  const rotation = picture.side_data_list.find((data) => data.rotation !== null)?.rotation ?? 0
  const isUpright = Math.abs(Math.round(rotation / 90)) % 2 === 0
  const framesPerSecond = ratioOf(picture.avg_frame_rate, '/', 1_000) ?? ratioOf(picture.r_frame_rate, '/', 1_000)
  return isUpright
    ? { codec, width: shownWidth, height, framesPerSecond }
    : { codec, width: height, height: shownWidth, framesPerSecond }
}

/** `30000/1001` as a number; null when it is none, not above zero, or above `max`. */
function ratioOf(ratio: string, separator: string, max: number): number | null {
  const [over = Number.NaN, under = Number.NaN] = ratio.split(separator).map(Number)
  const value = over / under
  return Number.isFinite(value) && value > 0 && value <= max ? value : null
}

/** ffprobe that is stopped in the middle prints half of it. */
function parseJson(printed: string): unknown {
  try {
    return JSON.parse(printed)
  } catch {
    return {} // read as a clip that told nothing
  }
}
