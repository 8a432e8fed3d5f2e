import { lstat } from 'node:fs/promises'
import { type DigestAction, isManifestPath, type ManifestFile } from '@rushes/asc-mhl'
import { errorMessage } from '../agent-error.ts'
import { isAbsence } from '../capture/whereabouts.ts'
import { describeFailure } from '../destination/describe-failure.ts'
import { SourceProblemError } from '../destination/part-source.ts'
import type { ClipBelow } from '../local-api/clip-schemas.ts'
import { digestRange } from '../upload/digest-range.ts'

/** What became of the clips of a folder in its manifest. */
export type ManifestTally = {
  counts: Record<DigestAction | 'read' | 'growing' | 'notUploaded' | 'missing' | 'unreadable' | 'unwritable', number>
  /** Files whose bytes are not those that were sent, or not those of an earlier manifest. */
  differing: string[]
  /** Files that could not be read, with why. */
  unreadable: { path: string; message: string }[]
}

export const nothingTallied = (): ManifestTally => ({
  counts: {
    ...{ original: 0, verified: 0, failed: 0, read: 0 },
    ...{ growing: 0, notUploaded: 0, missing: 0, unreadable: 0, unwritable: 0 },
  },
  differing: [],
  unreadable: [],
})

export type ManifestFilesOptions = {
  folder: string
  clips: AsyncIterable<ClipBelow>
  /** The first digest that the folder's history has of each path. */
  history: ReadonlyMap<string, string>
  now(): number
  onRead(path: string, sizeBytes: number): void
  signal: AbortSignal
}

/**
 * The clips of a folder that have been uploaded, for its next manifest; all are counted on the way. The digest of the bytes as they were sent is taken for a file that is in
 * no manifest yet and lies there as it was sent; every other file is read, so that what is called verified was read again.
 */
export async function* manifestFiles(
  options: ManifestFilesOptions,
  tally: ManifestTally,
): AsyncGenerator<ManifestFile> {
  const { folder, clips, history } = options
  const { counts } = tally
  for await (const clip of clips) {
    const path = clip.path.slice(folder.length + 1)
    if (clip.isGrowing) counts.growing++
    else if (!clip.isUploaded) counts.notUploaded++
    else if (!isManifestPath(path)) counts.unwritable++
    else {
      const found = await findDigest(options, clip, history.has(path))
      if (found.kind === 'missing') counts.missing++
      else if (found.kind === 'unreadable') {
        counts.unreadable++
        tally.unreadable.push({ path: clip.path, message: found.message })
      } else {
        const action = actionOf(found.xxh64, clip.digest?.xxh64 ?? null, history.get(path) ?? null)
        counts[action]++
        if (found.wasRead) counts.read++
        if (action === 'failed') tally.differing.push(clip.path)
        const { sizeBytes, modifiedAt, xxh64, digestedAt } = found
        const createdAt = clip.capturedAt === null ? null : new Date(clip.capturedAt)
        yield { path, sizeBytes, createdAt, modifiedAt, xxh64, action, digestedAt }
      }
    }
  }
}

/** What left this device is the first that is known of a file; then comes the first manifest. */
function actionOf(xxh64: string, sent: string | null, listed: string | null): DigestAction {
  if (sent !== null && sent !== xxh64) return 'failed'
  if (listed === null) return 'original'
  return listed === xxh64 ? 'verified' : 'failed'
}

type Found =
  | { kind: 'digest'; xxh64: string; sizeBytes: number; modifiedAt: Date; digestedAt: Date; wasRead: boolean }
  | { kind: 'missing' }
  | { kind: 'unreadable'; message: string }

async function findDigest(
  { now, onRead, signal }: ManifestFilesOptions,
  clip: ClipBelow,
  isListed: boolean,
): Promise<Found> {
  try {
    const stat = await lstat(clip.path, { bigint: true })
    const modifiedUs = Number(stat.mtimeNs / 1_000n)
    const file = { sizeBytes: Number(stat.size), modifiedAt: new Date(modifiedUs / 1_000) }
    const isAsSent =
      file.sizeBytes === clip.sizeBytes &&
      modifiedUs === clip.modifiedUs &&
      [null, String(stat.ino)].includes(clip.inode)
    if (clip.digest !== null && isAsSent && !isListed)
      return { kind: 'digest', ...file, xxh64: clip.digest.xxh64, digestedAt: new Date(clip.digest.at), wasRead: false }
    onRead(clip.path, file.sizeBytes)
    const expected = { sizeBytes: file.sizeBytes, modifiedUs, inode: String(stat.ino) }
    const whole = { path: clip.path, offsetBytes: 0, sizeBytes: file.sizeBytes, expected }
    const xxh64 = await digestRange(whole, signal)
    return { kind: 'digest', ...file, xxh64, digestedAt: new Date(now()), wasRead: true }
  } catch (error) {
    signal.throwIfAborted()
    if (isAbsence(error)) return { kind: 'missing' }
    const isOfFile = error instanceof SourceProblemError
    return { kind: 'unreadable', message: isOfFile ? describeFailure(error.failure).message : errorMessage(error) }
  }
}
