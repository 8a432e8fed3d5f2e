import type { AssetCustody } from '@rushes/protocol'
import {
  backoffBoundMs,
  classifyFailure,
  custodyErrors,
  fullJitterMs,
  retryLimits,
  type UploadError,
  verdictWhenAuthorized,
} from '@rushes/upload-core'
import type { Logger } from 'pino'
import { describeFailure } from '../destination/describe-failure.ts'
import type { Additions, CustodyOutcome, Destination } from '../destination/port.ts'
import { applyUploadEvent } from '../queue/apply-upload-event.ts'
import { custodyParts, nextCustody, oweFileDigest, postponeCustody, settleFileDigest } from '../queue/custody-claims.ts'
import { readUploadLink, type UploadLink } from '../queue/links.ts'
import type { Queue } from '../queue/open-queue.ts'
import { appendEvent } from '../queue/outbox.ts'
import { recordUploadError } from '../queue/stored-errors.ts'
import { relativePathOf, type StoredUpload } from '../queue/stored-upload.ts'
import type { Authorization } from './authorization.ts'
import type { Gate } from './gate.ts'
import { closeGateFor } from './keep-authorized.ts'

export type CustodyOptions = {
  queue: Queue
  destinationOf(link: UploadLink): Destination
  gate: Gate
  authorization: Authorization
  random(): number
  log: Logger
  signal: AbortSignal
}

/**
 * Of this process, by upload: how often the destination has answered, how often in a row the question has failed since, which digest of the
 * whole file it was told, and in how many answers in a row it has lacked as many parts.
 */
export type CustodyTries = Map<string, Tries>
type Tries = {
  answers: number
  failures: number
  toldXxh64: string | null
  lacking: { partCount: number; answers: number }
}

const noTries: Tries = { answers: 0, failures: 0, toldXxh64: null, lacking: { partCount: 0, answers: 0 } }

const firstPollMs = 200
const slowestPollMs = 15_000
const slowestRetryMs = 300_000
/** Parts that a store has are known to the destination within a minute; when as many are lacking for half an hour, they are lost. */
const maxLackingAnswers = 240

/**
 * Confirms the next uploaded clip: sends the digests of the bytes as they left, then asks until the destination has read its own bytes
 * back. That of the whole file is sent with them where it is known by then, else once it is. False when none is due.
 */
export async function followCustody(options: CustodyOptions, tries: CustodyTries): Promise<boolean> {
  const { queue, destinationOf, gate, signal } = options
  const upload = nextCustody(queue)
  const link = readUploadLink(queue)
  if (upload === null || link === null) return false
  const { additions } = destinationOf(link)
  const isVerified = upload.state.kind === 'verified'
  if (additions === null) {
    if (isVerified) settleFileDigest(queue, upload.id)
    else applyUploadEvent(queue, upload.id, { kind: 'custodyAnswered', answer: 'sizeChecked' })
    return true
  }
  const known = tries.get(upload.id) ?? noTries
  const { answers, failures, toldXxh64 } = known
  // The digests go with the first question, until it was answered.
  const isFirst = isVerified || answers === 0
  const outcome = await ask(options, additions, link, upload, isFirst)
  if (outcome.kind === 'aborted' || signal.aborted) return false
  if (outcome.kind === 'failed') {
    tries.set(upload.id, { ...known, failures: failures + 1 })
    if ((await handleFailure(options, link, upload, outcome, failures + 1)) === 'final') tries.delete(upload.id)
    return true
  }
  gate.succeeded()
  const told = isFirst ? (upload.digest?.xxh64 ?? null) : toldXxh64
  if (isVerified) {
    tries.delete(upload.id)
    settleFileDigest(queue, upload.id)
    return true
  }
  const lacking = lackingAfter(known, outcome.custody)
  const answer = lacking.answers >= maxLackingAnswers ? 'incomplete' : answerOf(outcome.custody)
  if (answer === 'pending') {
    tries.set(upload.id, { answers: answers + 1, failures: 0, toldXxh64: told, lacking })
    const bound = backoffBoundMs(answers + 1, {
      attemptsPerJob: 1,
      jobs: 1,
      baseDelayMs: firstPollMs,
      maxDelayMs: slowestPollMs,
      jobPauseMs: 0,
    })
    postponeCustody(queue, upload.id, queue.now() + bound / 2 + fullJitterMs(bound / 2, options.random()))
    return true
  }
  tries.delete(upload.id)
  queue.transact(() => {
    const change =
      answer === 'verified' ? { error: null } : answer === 'sizeChecked' ? {} : { error: custodyErrors[answer] }
    applyUploadEvent(queue, upload.id, { kind: 'custodyAnswered', answer }, change)
    if (told === null) oweFileDigest(queue, upload.id)
  })
  return true
}

function ask(
  { queue, signal }: CustodyOptions,
  additions: Additions,
  link: UploadLink,
  upload: StoredUpload,
  isFirst: boolean,
): Promise<CustodyOutcome> {
  const { accessToken } = link
  const { state, digest } = upload
  const assetId = state.kind === 'uploaded' || state.kind === 'verified' ? state.asset.assetId : ''
  if (!isFirst) return additions.getAsset({ accessToken, assetId }, signal)
  const custody = {
    parts: custodyParts(queue, upload.id),
    ...(digest === null ? {} : { fileXxh64: digest.xxh64 }),
    relativePath: relativePathOf(upload),
    volumeId: upload.source.volumeId.slice(0, 255),
  }
  return additions.putCustody({ accessToken, assetId, custody }, signal)
}

function answerOf({ status, verified }: AssetCustody) {
  if (verified === 'verified' || verified === 'sizeChecked' || verified === 'mismatch') return verified
  return status === 'failed' || status === 'closed' ? 'lost' : 'pending'
}

/** Every part of it was acknowledged to us; how long the destination has said otherwise, without getting any further. */
function lackingAfter({ lacking }: Tries, { status, missing }: AssetCustody): Tries['lacking'] {
  const partCount = status === 'created' ? missing.length : 0
  if (partCount === 0) return noTries.lacking
  return { partCount, answers: partCount === lacking.partCount ? lacking.answers + 1 : 1 }
}

async function handleFailure(
  { queue, gate, authorization, random, log }: CustodyOptions,
  link: UploadLink,
  upload: StoredUpload,
  { failure }: Extract<CustodyOutcome, { kind: 'failed' }>,
  failures: number,
): Promise<'final' | 'postponed'> {
  let verdict = classifyFailure('custody', failure)
  const error = describeFailure(failure)
  if (verdict.kind === 'authorize') {
    const confirmation = await authorization.confirm({ refusedToken: link.accessToken })
    if (confirmation.kind === 'failed') closeGateFor(gate, confirmation)
    verdict = confirmation.kind === 'confirmed' && failures > 1 ? verdictWhenAuthorized('custody') : verdict
  }
  const isVerified = upload.state.kind === 'verified'
  if (!isVerified) recordUploadError(queue, upload.id, error)
  log.warn({ uploadId: upload.id, error, verdict: verdict.kind }, 'custody could not be confirmed yet')
  if (isVerified && (verdict.kind === 'startOver' || verdict.kind === 'fail')) {
    settleFileDigest(queue, upload.id)
    return 'final'
  }
  if (verdict.kind === 'startOver') {
    applyUploadEvent(queue, upload.id, { kind: 'custodyAnswered', answer: 'lost' })
    return 'final'
  }
  if (verdict.kind === 'fail') {
    abandonRefused(queue, upload, error)
    return 'final'
  }
  if (
    verdict.kind === 'retry' &&
    (verdict.blame === 'surroundings' || (verdict.blame === 'unclear' && !(await gate.isHealthy())))
  ) {
    gate.close(
      verdict.reason === 'offline' || verdict.reason === 'rateLimited' ? verdict.reason : 'destinationDown',
      error.message,
      verdict.minDelayMs,
    )
  }
  // The bytes are there; asking costs nothing but time, so only a refusal ends it.
  const bound = backoffBoundMs(failures, { ...retryLimits, maxDelayMs: slowestRetryMs })
  postponeCustody(queue, upload.id, queue.now() + 1_000 + bound / 2 + fullJitterMs(bound / 2, random()))
  return 'postponed'
}

/** The destination will never take these digests: the clip stays uploaded without being verified, and people are told. */
function abandonRefused(queue: Queue, upload: StoredUpload, error: UploadError): void {
  queue.transact(() => {
    applyUploadEvent(queue, upload.id, { kind: 'custodyAbandoned' }, { error })
    appendEvent(queue, {
      kind: 'notice',
      code: 'custodyRefused',
      message: `${upload.source.path}: uploaded, but never verified: ${error.message}`.slice(0, 500),
    })
  })
}
