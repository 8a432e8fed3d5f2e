import type { AssetCustody } from '@rushes/protocol'
import { backoffBoundMs, classifyFailure, fullJitterMs, verdictWhenAuthorized } from '@rushes/upload-core'
import type { Logger } from 'pino'
import { describeFailure } from '../destination/describe-failure.ts'
import type { Additions, CustodyOutcome, Destination } from '../destination/port.ts'
import { applyUploadEvent } from '../queue/apply-upload-event.ts'
import { custodyParts, nextCustody, postponeCustody } from '../queue/custody-claims.ts'
import { readUploadLink, type UploadLink } from '../queue/links.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'
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

/** How often an upload was asked about in this process; its digests are sent with the first question. */
export type CustodyTries = Map<string, number>

const firstPollMs = 200
const slowestPollMs = 15_000

/**
 * Confirms the next uploaded clip: sends the digests of the bytes as they left, then asks until the destination has read its own bytes
 * back. False when none is due.
 */
export async function followCustody(options: CustodyOptions, tries: CustodyTries): Promise<boolean> {
  const { queue, destinationOf, gate, signal } = options
  const upload = nextCustody(queue)
  const link = readUploadLink(queue)
  if (upload === null || link === null || upload.state.kind !== 'uploaded') return false
  const { additions } = destinationOf(link)
  if (additions === null) {
    applyUploadEvent(queue, upload.id, { kind: 'custodyAnswered', answer: 'sizeChecked' })
    return true
  }
  const count = tries.get(upload.id) ?? 0
  const outcome = await ask(options, additions, link, upload, count === 0)
  if (outcome.kind === 'aborted' || signal.aborted) return false
  if (outcome.kind === 'failed') {
    await handleFailure(options, link, upload, outcome, count)
    return true
  }
  gate.succeeded()
  const answer = answerOf(outcome.custody)
  if (answer === 'pending') {
    tries.set(upload.id, count + 1)
    const bound = backoffBoundMs(count + 1, {
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
  applyUploadEvent(queue, upload.id, { kind: 'custodyAnswered', answer })
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
  const assetId = upload.state.kind === 'uploaded' ? upload.state.asset.assetId : ''
  if (!isFirst) return additions.getAsset({ accessToken, assetId }, signal)
  const { volumeId, watchFolder, path } = upload.source
  const relativePath =
    watchFolder !== null && path.startsWith(`${watchFolder}/`) ? path.slice(watchFolder.length + 1) : upload.name
  const custody = {
    parts: custodyParts(queue, upload.id),
    relativePath: relativePath.slice(0, 4096),
    volumeId: volumeId.slice(0, 255),
  }
  return additions.putCustody({ accessToken, assetId, custody }, signal)
}

function answerOf({ status, verified }: AssetCustody): 'verified' | 'sizeChecked' | 'mismatch' | 'lost' | 'pending' {
  if (verified === 'verified' || verified === 'sizeChecked' || verified === 'mismatch') return verified
  return status === 'failed' || status === 'closed' ? 'lost' : 'pending'
}

async function handleFailure(
  { queue, gate, authorization, random, log }: CustodyOptions,
  link: UploadLink,
  upload: StoredUpload,
  { failure }: Extract<CustodyOutcome, { kind: 'failed' }>,
  count: number,
): Promise<void> {
  let verdict = classifyFailure('custody', failure)
  const error = describeFailure(failure)
  if (verdict.kind === 'authorize') {
    const confirmation = await authorization.confirm({ refusedToken: link.accessToken })
    if (confirmation.kind === 'failed') closeGateFor(gate, confirmation)
    verdict = confirmation.kind === 'confirmed' && count > 0 ? verdictWhenAuthorized('custody') : verdict
  }
  log.warn({ uploadId: upload.id, error, verdict: verdict.kind }, 'custody could not be confirmed yet')
  if (verdict.kind === 'startOver') {
    applyUploadEvent(queue, upload.id, { kind: 'custodyAnswered', answer: 'lost' })
    return
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
  // The bytes are there; asking costs nothing but time, so it is never given up.
  postponeCustody(queue, upload.id, queue.now() + 1_000 + fullJitterMs(backoffBoundMs(count + 1), random()))
}
