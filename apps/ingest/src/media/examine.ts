import type { MediaFacts } from '@rushes/fleet'
import { isStill } from './demuxer-for.ts'
import { factEntries, readFacts } from './facts.ts'
import { posterSize } from './poster-size.ts'
import { type Cage, type RunLimits, type RunOutcome, runLimited } from './run-limited.ts'

/** A picture larger than this is not drawn small: 12K has 80 megapixels. */
const maxPixels = 100_000_000
const maxAllocationBytes = 512 * 1024 * 1024

export const examineLimits: RunLimits = {
  cpuSeconds: 20,
  memoryBytes: 2 * 1024 * 1024 * 1024,
  wallMs: 60_000,
  outputBytes: 2 * 1024 * 1024,
}

export type Examination =
  /** `posterError`: the picture could not be drawn, though there is one. */
  | { kind: 'read'; facts: MediaFacts; poster: Buffer | null; posterError: string | null }
  | { kind: 'unreadable'; error: string }
  | { kind: 'interrupted' }

export type Examined = { fd: number; demuxer: string; cage: Cage; limits: RunLimits; signal: AbortSignal }

/** Reads the facts of a clip and draws a small picture of it; what is hostile in it ends in a failure here and nowhere else. */
export async function examine(given: Examined): Promise<Examination> {
  const probing = await runLimited(
    ['ffprobe', ...common(given.demuxer), '-show_entries', factEntries, '-of', 'json=compact=1', input],
    given,
  )
  if (probing.kind === 'interrupted') return probing
  if (probing.kind === 'failed') return { kind: 'unreadable', error: probing.error }
  const facts = readFacts(probing.stdout.toString('utf8'), { isStill: isStill(given.demuxer) })
  if (facts === null) return { kind: 'unreadable', error: 'there is neither picture nor sound in it' }
  if (facts.video === null) return { kind: 'read', facts, poster: null, posterError: null }
  const drawn = await draw(given, facts, facts.video)
  if (drawn.kind === 'interrupted') return drawn
  return drawn.kind === 'done'
    ? { kind: 'read', facts, poster: drawn.stdout, posterError: null }
    : { kind: 'read', facts, poster: null, posterError: drawn.error }
}

/** Takes the picture a second in, where a slate or a fade has passed, else the first one there is. */
async function draw(
  given: Examined,
  facts: MediaFacts,
  picture: { width: number; height: number },
): Promise<RunOutcome> {
  if (picture.width * picture.height > maxPixels)
    return { kind: 'failed', error: `a picture of ${picture.width} × ${picture.height} is too large` }
  const { width, height } = posterSize(picture)
  const at = Math.min(1, (facts.durationSeconds ?? 0) / 2)
  let outcome: RunOutcome = { kind: 'failed', error: 'no picture came out' }
  for (const seconds of at > 0 ? [at, 0] : [0]) {
    outcome = await runLimited(
      [
        ...['ffmpeg', '-nostdin', '-threads', '1', ...common(given.demuxer), '-max_pixels', String(maxPixels)],
        ...(seconds > 0 ? ['-ss', seconds.toFixed(3)] : []),
        ...['-i', input, '-map', '0:V:0', '-an', '-sn', '-dn', '-frames:v', '1', '-threads', '1'],
        ...['-vf', `scale=${width}:${height},setsar=1,format=yuvj420p`, '-c:v', 'mjpeg', '-q:v', '5'],
        ...['-map_metadata', '-1', '-f', 'image2pipe', 'pipe:1'],
      ],
      given,
    )
    if (outcome.kind === 'interrupted' || (outcome.kind === 'done' && isJpeg(outcome.stdout))) return outcome
  }
  return outcome.kind === 'done' ? { kind: 'failed', error: 'no picture came out' } : outcome
}

const input = 'file:/dev/fd/3'

/** What keeps both programs to this one file and this one format. */
const common = (demuxer: string) => [
  ...['-hide_banner', '-loglevel', 'error', '-max_alloc', String(maxAllocationBytes)],
  ...['-protocol_whitelist', 'file', '-f', demuxer],
]

const isJpeg = (bytes: Buffer) => bytes.length > 100 && bytes.readUInt16BE(0) === 0xffd8
