import { extname } from 'node:path'
import { fullJitterMs } from '@rushes/upload-core'
import type { Logger } from 'pino'
import { errorMessage } from '../agent-error.ts'
import type { Whereabouts } from '../capture/capture-port.ts'
import { findWhereabouts } from '../capture/whereabouts.ts'
import { describeFailure } from '../destination/describe-failure.ts'
import { SourceProblemError } from '../destination/part-source.ts'
import { recordFileDigest } from '../queue/file-digests.ts'
import {
  countGrowingAttempt,
  postponeGrowing,
  readGrowing,
  returnGrowingAttempt,
  sentGrowths,
} from '../queue/growing-claims.ts'
import { growingRows } from '../queue/growing-parts.ts'
import { concludeGrowth, sendWhole } from '../queue/growths.ts'
import type { Queue } from '../queue/open-queue.ts'
import { appendEvent } from '../queue/outbox.ts'
import { recordUploadError } from '../queue/stored-errors.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'
import { expectedOf } from './expected-source.ts'
import { readAsSent } from './read-as-sent.ts'

export type CheckOptions = { queue: Queue; random(): number; log: Logger; signal: AbortSignal }

const lookAgainMs = 30_000
/** A card is pulled as soon as it says that all is uploaded: what is on it is compared when it is back, however long that takes. */
const cardAwayMs = 120_000
/** A file that cannot be read so often will never be compared; its clip stays uploaded, not verified. */
const maxAttempts = 30

/**
 * Compares the next file that was sent while it grew, whole, with what was sent. Only then may it be verified; if it differs, it goes up once
 * more as it is. False when none is due.
 */
export async function checkSent(options: CheckOptions): Promise<boolean> {
  const { queue, random, log, signal } = options
  const [uploadId] = sentGrowths(queue)
  const growing = uploadId === undefined ? null : readGrowing(queue, uploadId)
  if (growing === null) return false
  const { upload, assetId } = growing
  const attempts = countGrowingAttempt(queue, upload.id)
  if (attempts > maxAttempts) {
    giveUp(options, upload, 'each time the agent ended while it was reading')
    return true
  }
  try {
    const read = await readAsSent(fileOf(upload), growingRows(queue, upload.id), signal)
    if (read.kind === 'same') {
      queue.transact(() => {
        recordFileDigest(queue, { id: upload.id, assetId }, read.xxh64)
        concludeGrowth(queue, upload.id, true)
      })
    } else {
      log.warn(
        { uploadId: upload.id, part: read.part },
        'the file is not what was sent while it grew; it goes up whole',
      )
      sendWhole(queue, upload, extname(upload.source.path).toLowerCase(), false)
    }
  } catch (error) {
    if (signal.aborted) {
      returnGrowingAttempt(queue, upload.id)
      return false
    }
    if (error instanceof SourceProblemError) recordUploadError(queue, upload.id, describeFailure(error.failure))
    const postpone = (ms: number) =>
      postponeGrowing(queue, upload.id, queue.now() + ms + fullJitterMs(ms / 2, random()))
    const where = await whereaboutsAfter(error, upload)
    if (where === 'volumeAbsent') {
      returnGrowingAttempt(queue, upload.id)
      postpone(cardAwayMs)
    } else if (attempts >= maxAttempts || isOver(error, where)) giveUp(options, upload, errorMessage(error))
    else postpone(lookAgainMs)
  }
  return true
}

const fileOf = ({ source }: StoredUpload) => ({
  path: source.path,
  sizeBytes: source.sizeBytes,
  expected: expectedOf(source),
})

/** Where the file is that could not be compared; null where something else than the file was to blame. */
async function whereaboutsAfter(error: unknown, { source }: StoredUpload): Promise<Whereabouts | null> {
  if (!(error instanceof SourceProblemError)) return null
  return findWhereabouts(source.path, source, source.watchFolder)
}

/** Whether the file that was sent is no more. One that was written to since goes up anew when it rests: capture tells. */
function isOver(error: unknown, where: Whereabouts | null): boolean {
  if (!(error instanceof SourceProblemError) || error.failure.problem === 'unreadable') return false
  return where === 'deleted' || where === 'elsewhere'
}

function giveUp({ queue, log }: CheckOptions, { id, source }: StoredUpload, error: string): void {
  log.warn({ uploadId: id, error }, 'a file that was sent while it grew cannot be compared any more')
  queue.transact(() => {
    concludeGrowth(queue, id, false)
    appendEvent(queue, {
      kind: 'notice',
      code: 'growingNotCompared',
      message: `${source.path}: uploaded while it grew, but never compared with the whole file`.slice(0, 500),
    })
  })
}
