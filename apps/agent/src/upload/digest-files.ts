import { fullJitterMs } from '@rushes/upload-core'
import type { Logger } from 'pino'
import { errorMessage } from '../agent-error.ts'
import { SourceProblemError } from '../destination/part-source.ts'
import { custodyParts } from '../queue/custody-claims.ts'
import {
  claimUndigested,
  giveUpDigest,
  giveUpUnknown,
  postponeDigest,
  recordFileDigest,
  returnDigestAttempt,
} from '../queue/file-digests.ts'
import type { Queue } from '../queue/open-queue.ts'
import { appendEvent } from '../queue/outbox.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'
import { sleep } from '../sleep.ts'
import { expectedOf } from './expected-source.ts'
import type { InFlight } from './in-flight.ts'
import { readAsSent } from './read-as-sent.ts'

export type DigestFilesOptions = {
  queue: Queue
  inFlight: Pick<InFlight, 'count'>
  random(): number
  log: Logger
  signal: AbortSignal
}

const lookAgainMs = 60_000
/**
 * Waited after each file, and while something is being sent after each MiB: the card and the processor belong to the sender, and of a million
 * clips that nobody can read any more the rest of the agent is to notice nothing.
 */
const pauseMs = 100

/**
 * Digests the next clip that has arrived and whose parts left in no order that would have given the digest of the whole file. False when
 * there is none.
 */
export async function digestNextFile(options: DigestFilesOptions): Promise<boolean> {
  const isDone = await digestFirst(options)
  if (isDone) await sleep(pauseMs, options.signal)
  return isDone
}

async function digestFirst(options: DigestFilesOptions): Promise<boolean> {
  const { queue, inFlight, random, log, signal } = options
  const upload = claimUndigested(queue)
  if (upload === null || (upload.state.kind !== 'uploaded' && upload.state.kind !== 'verified')) return false
  const { assetId } = upload.state.asset
  const { path, sizeBytes } = upload.source
  const file = { path, sizeBytes, expected: expectedOf(upload.source) }
  const pace = async () => {
    if (inFlight.count() > 0) await sleep(pauseMs, signal)
  }
  const parts = partsOf(queue, upload)
  if (parts.length === 0) {
    giveUpUnknown(queue)
    return true
  }
  try {
    const read = await readAsSent(file, parts, signal, pace)
    if (read.kind === 'same') recordFileDigest(queue, { id: upload.id, assetId }, read.xxh64)
    else tellChanged(options, upload, read.part)
  } catch (error) {
    if (signal.aborted) {
      returnDigestAttempt(queue, upload.id)
      return false
    }
    log.info({ uploadId: upload.id, error: errorMessage(error) }, 'a clip that has arrived could not be digested')
    const isOver = error instanceof SourceProblemError && error.failure.problem !== 'unreadable'
    if (isOver && error.failure.problem !== 'missing') giveUpDigest(queue, upload.id)
    else postponeDigest(queue, upload.id, queue.now() + lookAgainMs + fullJitterMs(lookAgainMs, random()))
  }
  return true
}

/** None of a clip that was found at the destination: nobody knows what was sent of it. */
function partsOf(queue: Queue, { id }: StoredUpload) {
  return custodyParts(queue, id).map(({ number, offset, size, xxh64 }) => ({ number, offset, sizeBytes: size, xxh64 }))
}

/** Same size, same date, other bytes: a card that fails, or somebody who wrote without leaving a trace. */
function tellChanged({ queue, log }: DigestFilesOptions, { id, source }: StoredUpload, part: number): void {
  log.warn({ uploadId: id, part }, 'the file is not what was sent of it any more')
  queue.transact(() => {
    giveUpDigest(queue, id)
    const message = `${source.path}: the file was changed after it was sent, or its medium fails`
    appendEvent(queue, { kind: 'notice', code: 'fileChangedSince', message: message.slice(0, 500) })
  })
}
