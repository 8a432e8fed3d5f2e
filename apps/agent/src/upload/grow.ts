import {
  type Cut,
  cutComplete,
  cutOpen,
  decideRetry,
  type GrowingPart,
  nothingCut,
  type PartLimits,
  partsToCompare,
  type UploadError,
} from '@rushes/upload-core'
import type { Logger } from 'pino'
import { errorMessage } from '../agent-error.ts'
import { findWhereabouts } from '../capture/whereabouts.ts'
import { describeFailure } from '../destination/describe-failure.ts'
import { type OpenFile, problemOf } from '../destination/part-source.ts'
import type { SourceFailure } from '../destination/port.ts'
import { applyUploadEvent } from '../queue/apply-upload-event.ts'
import {
  countGrowingAttempt,
  endPostponement,
  type GrowingUpload,
  postponeGrowing,
  readGrowing,
  recordGrowingFailure,
  whileCounted,
} from '../queue/growing-claims.ts'
import {
  type GrowingRow,
  growingRows,
  isSentTo,
  markCompared,
  storeComparison,
  storeCut,
  storeShift,
} from '../queue/growing-parts.ts'
import { takeAnew } from '../queue/growths.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'
import { type AskOptions, askForAddresses } from './ask-for-addresses.ts'
import { digestRange } from './digest-range.ts'
import { expectedOf } from './expected-source.ts'
import { findShift, readProbe } from './find-shift.ts'
import { followChange } from './growing-source.ts'
import { judge } from './judge.ts'
import { rewrittenPlaces } from './rewritten-places.ts'

export type GrowBounds = { limits: PartLimits; tailBytes: number }

export type GrowOptions = AskOptions & {
  /** How long growing files are, as far as capture has told; by upload. */
  sizes: ReadonlyMap<string, number>
  /** Other bounds than the protocol's; for tests that run every case. */
  bounds?: GrowBounds
  /** Another file system; for tests of media that cannot be read. */
  openFile?: OpenFile
  log: Logger
}

const lookAgainMs = 5_000

/**
 * Takes one growing upload as far as it can go now: cuts what is there, finishes it when its file is complete, asks for addresses in one
 * call. Safe to repeat, and to begin again after a crash at any point: what was cut is stored before it is registered.
 */
export async function growOnce(options: GrowOptions, uploadId: string): Promise<void> {
  const { log } = options
  try {
    await advance(options, uploadId)
  } catch (error) {
    if (options.signal.aborted) return
    log.warn({ uploadId, error: errorMessage(error) }, 'a growing file could not be looked at')
    await concludeLook(options, uploadId, problemOf(error).failure)
  }
}

/** A file that is written to again, or gone, is news of its recorder; one that cannot be read counts against its clip, as a part of it would. */
async function concludeLook(options: GrowOptions, uploadId: string, failure: SourceFailure): Promise<void> {
  const { queue } = options
  const growing = readGrowing(queue, uploadId)
  if (growing === null) return
  const { source } = growing.upload
  if (failure.problem !== 'unreadable') {
    await followChange(queue, growing.upload)
    postponeGrowing(queue, uploadId, queue.now() + lookAgainMs)
    return
  }
  const error = describeFailure(failure)
  const attempts = countGrowingAttempt(queue, uploadId)
  const volumePresent = (await findWhereabouts(source.path, source, source.watchFolder)) !== 'volumeAbsent'
  const judged = {
    operation: 'part',
    failure: { ...failure, volumePresent },
    error,
    attempts,
    isReplay: false,
  } as const
  const judgement = await judge(options, judged)
  if (judgement.kind === 'consequence') recordGrowingFailure(queue, uploadId, judgement.consequence, error)
}

async function advance(options: GrowOptions, uploadId: string): Promise<void> {
  const { queue, sizes } = options
  const growing = readGrowing(queue, uploadId)
  if (growing === null || growing.upload.state.kind !== 'uploading') return
  if (isExhausted(options, growing)) return
  endPostponement(queue, uploadId)
  if (growing.growth.phase === 'open') await cutMore(options, growing, sizes.get(uploadId) ?? 0)
  if (growing.growth.phase === 'complete' && !(await finish(options, growing))) return
  await askForAddresses(options, uploadId)
}

/** As often as anything is tried, and each time the process ended before the outcome was known: then nobody reads it once more unless a person wants that. */
function isExhausted({ queue, limits }: GrowOptions, { upload, growth }: GrowingUpload): boolean {
  if (decideRetry(growth.attempts, 0, 0, limits).kind !== 'giveUp') return false
  const error: UploadError = { class: 'agent', code: 'READER_LOST', message: 'the agent ended while it was reading' }
  recordGrowingFailure(queue, upload.id, { kind: 'fail', reason: 'attemptsExhausted' }, error)
  return true
}

async function cutMore({ queue, bounds }: GrowOptions, growing: GrowingUpload, sizeBytes: number): Promise<void> {
  const { upload, growth } = growing
  const cut = cutOf(growingRows(queue, upload.id))
  // Less than was cut is told by capture as what it is: a truncated file.
  if (sizeBytes <= cut.endBytes) return
  const plan = cutOpen(cut, sizeBytes, growth.bytesPerSecond, bounds?.limits)
  if (plan.kind === 'impossible') return refuseTooLarge(queue, upload.id)
  if (plan.parts.length > 0) await store(queue, growing, plan.parts, sizeBytes)
}

async function store(
  queue: Queue,
  { upload, assetId }: GrowingUpload,
  parts: readonly GrowingPart[],
  sizeBytes: number,
): Promise<void> {
  const second = parts.find(({ number, role }) => number === 2 && role === 'middle')
  const { path } = upload.source
  const probe = second === undefined ? null : await whileCounted(queue, upload.id, () => readProbe(path, second))
  storeCut(queue, { uploadId: upload.id, assetId }, { parts, probe, sizeBytes })
}

/**
 * No asset can hold it: what was sent is of no use, and it is refused as it would have been at rest. Its growth stays, so that what is written to it
 * from here on is noted in the same row.
 */
function refuseTooLarge(queue: Queue, uploadId: string): void {
  queue.transact(() => {
    applyUploadEvent(queue, uploadId, { kind: 'takenAnew' })
    applyUploadEvent(queue, uploadId, { kind: 'refused', reason: 'tooLarge' })
  })
}

/** Of a complete file: finds its head, cuts the rest, compares. False when nothing more is to be done with it now. */
async function finish(options: GrowOptions, growing: GrowingUpload): Promise<boolean> {
  const { queue, bounds } = options
  const { upload, growth } = growing
  const sizeBytes = growth.completeBytes ?? 0
  if (!growingRows(queue, upload.id).some(({ role }) => role === 'final')) {
    await followShift(options, growing, sizeBytes)
    const plan = cutComplete(cutOf(growingRows(queue, upload.id)), sizeBytes, growth.bytesPerSecond, bounds?.limits)
    if (plan.kind === 'impossible') {
      if (plan.why === 'tooLarge') refuseTooLarge(queue, upload.id)
      else takeAnew(queue, upload, null)
      return false
    }
    await store(queue, growing, plan.parts, sizeBytes)
  }
  if (!growth.isCompared) await compare(options, growing, sizeBytes)
  return true
}

/** Finds out whether the file has moved up since its parts were cut; then part 1 takes in what was put before it. */
async function followShift(
  { queue, signal, log }: GrowOptions,
  { upload, growth }: GrowingUpload,
  sizeBytes: number,
): Promise<void> {
  const rows = growingRows(queue, upload.id)
  const second = rows.find(({ number }) => number === 2)
  if (growth.shiftBytes > 0 || growth.probe === null || second === undefined) return
  const { path } = upload.source
  const arrived =
    rows.flatMap((row) => (row.number > 1 && row.xxh64 !== null ? [{ ...row, xxh64: row.xxh64 }] : []))[0] ?? null
  const question = { path, expected: expectedOf(upload.source), sizeBytes, probe: growth.probe, second, arrived }
  const shiftBytes = await whileCounted(queue, upload.id, () => findShift(question, signal))
  if (shiftBytes === 0) return
  log.info({ uploadId: upload.id, shiftBytes }, 'a head was put before a file that was sent while it grew')
  storeShift(queue, upload.id, shiftBytes)
}

/** Compares what left while the file was open with the complete file, as far as its format demands; sends again what differs. */
async function compare(
  { queue, log, ...options }: GrowOptions,
  { upload, assetId }: GrowingUpload,
  sizeBytes: number,
): Promise<void> {
  const found = await whileCounted(queue, upload.id, () => findRewritten({ queue, ...options }, upload, sizeBytes))
  const { rows, same, changed } = found
  queue.transact(() => {
    // Written to meanwhile: what was found is of a file that is no more.
    const isSameFile = readGrowing(queue, upload.id)?.growth.completeBytes === sizeBytes
    if (!isSameFile || !isSentTo(queue, upload.id, assetId)) return
    storeComparison(queue, upload.id, { same, changed })
    // What is still on its way since before is compared when it has arrived.
    const isOnItsWay = rows.some(({ state }) => state === 'sending')
    if (!isOnItsWay) markCompared(queue, upload.id)
  })
  if (changed.length > 0) log.info({ uploadId: upload.id, parts: changed }, 'rewritten by its recorder; sent again')
}

/** Which of the parts that have to be compared are as they were sent, by their digests, and which are not. */
async function findRewritten(
  { queue, bounds, openFile, signal }: Omit<GrowOptions, 'log'>,
  upload: StoredUpload,
  sizeBytes: number,
): Promise<{ rows: GrowingRow[]; same: number[]; changed: number[] }> {
  const { path } = upload.source
  const shiftBytes = readGrowing(queue, upload.id)?.growth.shiftBytes ?? 0
  const places = shiftBytes > 0 ? 'everywhere' : await rewrittenPlaces(path, sizeBytes, bounds?.limits)
  const rows = partsToCompare(growingRows(queue, upload.id), places, sizeBytes, bounds?.tailBytes).filter(
    ({ isProven }) => !isProven,
  )
  const same: number[] = []
  const changed: number[] = []
  for (const { number, offset, sizeBytes: partBytes, xxh64 } of rows) {
    if (xxh64 === null) continue
    const part = { path, offsetBytes: offset, sizeBytes: partBytes, expected: expectedOf(upload.source) }
    ;((await digestRange(part, signal, openFile)) === xxh64 ? same : changed).push(number)
  }
  return { rows, same, changed }
}

const cutOf = (rows: readonly GrowingRow[]): Cut => {
  const last = rows.at(-1)
  return last === undefined ? nothingCut : { lastNumber: last.number, endBytes: last.offset + last.sizeBytes }
}
