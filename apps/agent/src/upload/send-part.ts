import { type Failure, leaseRules, partUrlIsDead } from '@rushes/upload-core'
import type { Logger } from 'pino'
import { findWhereabouts } from '../capture/whereabouts.ts'
import { describeFailure } from '../destination/describe-failure.ts'
import type { Destination } from '../destination/port.ts'
import { findUpload } from '../queue/apply-upload-event.ts'
import { readUploadLink, type UploadLink } from '../queue/links.ts'
import {
  acknowledgePart,
  claimPart,
  type PartClaim,
  recordPartFailure,
  renewPart,
  returnPart,
} from '../queue/part-claims.ts'
import type { StoredSource } from '../queue/stored-upload.ts'
import { findStoredPart } from './find-stored-part.ts'
import type { InFlight } from './in-flight.ts'
import { type JudgeOptions, judge } from './judge.ts'

export type SendOptions = JudgeOptions & {
  destinationOf(link: UploadLink): Destination
  inFlight: InFlight
  stallMs: number
  /** Looks at the watch folders once more before a missing file counts as deleted: it may have been renamed. */
  rescan(): Promise<void>
  log: Logger
  /** No new part is claimed once it has aborted. */
  draining: AbortSignal
  /** What is on its way is given up once it has aborted. */
  stop: AbortSignal
}

/** Sends parts one after the other for as long as there are any. False when there was none at all. */
export async function sendParts(options: SendOptions): Promise<boolean> {
  const { queue, gate, draining } = options
  let claim = claimPart(queue)
  if (claim === null) return false
  while (claim !== null) {
    const next = await sendPart(options, claim)
    claim = next ?? (draining.aborted || !gate.isOpen() ? null : claimPart(queue))
  }
  return true
}

/** Sends one part; returns the next one if it was claimed in the same transaction as the acknowledgement. */
async function sendPart(options: SendOptions, claim: PartClaim): Promise<PartClaim | null> {
  const { queue, gate, inFlight, destinationOf, stallMs, stop, draining, log } = options
  const { upload } = claim
  const link = readUploadLink(queue)
  if (link === null) {
    returnPart(queue, claim)
    return null
  }
  if (partUrlIsDead(claim.urlsIssuedAt, queue.now())) {
    const error = { code: 'URL_EXPIRED', message: 'the signed addresses of this upload ran out' }
    recordPartFailure(queue, claim, { kind: 'startOver', reason: 'urlExpired' }, error)
    return null
  }
  const sending = inFlight.begin(upload.id, stop)
  const renewal = setInterval(
    () => renewPart(queue, claim, performance.now() + leaseRules.leaseMs),
    leaseRules.renewEveryMs,
  )
  try {
    const destination = destinationOf(link)
    const file = {
      path: upload.source.path,
      offsetBytes: claim.offset,
      sizeBytes: claim.sizeBytes,
      expected: expectedOf(upload.source),
    }
    const acknowledge = (xxh64: string) => acknowledgePart(queue, claim, xxh64, !draining.aborted && gate.isOpen()).next
    if (claim.attempts > 1) {
      const { accessToken } = link
      const question = { accessToken, assetId: claim.assetId, number: claim.number, file }
      const stored = await findStoredPart(destination, question, sending.signal)
      if (stored !== null) {
        log.info({ uploadId: upload.id, part: claim.number }, 'the part had arrived before; it is not sent again')
        return acknowledge(stored)
      }
    }
    const outcome = await destination.putPart({
      url: claim.url,
      file,
      contentType: upload.mimeType,
      signal: sending.signal,
      onBytes: sending.addBytes,
      stallMs,
    })
    sending.end()
    switch (outcome.kind) {
      case 'stored':
        gate.succeeded()
        return acknowledge(outcome.xxh64)
      case 'aborted':
        returnPart(queue, claim)
        return null
      case 'failed': {
        const failure =
          outcome.failure.kind === 'source' ? await locate(options, claim, outcome.failure) : outcome.failure
        if (failure === null) returnPart(queue, claim)
        else await conclude(options, claim, failure, describeFailure(outcome.failure))
        return null
      }
    }
  } finally {
    clearInterval(renewal)
    sending.end()
  }
}

const expectedOf = (source: StoredSource) => ({
  sizeBytes: source.sizeBytes,
  modifiedUs: source.modifiedUs,
  inode: source.inodeIsStable ? source.inode : null,
})

/** Adds to a failure of the file whether its volume is there; null when the file has only moved and the part can be sent from its new place. */
async function locate(
  { queue, rescan }: SendOptions,
  claim: PartClaim,
  failure: Omit<Extract<Failure, { kind: 'source' }>, 'volumePresent'>,
): Promise<Failure | null> {
  const { source } = claim.upload
  const where = await findWhereabouts(source.path, source, source.watchFolder)
  if (failure.problem === 'missing' && where === 'deleted') {
    await rescan()
    const now = findUpload(queue, claim.upload.id)
    if (now !== null && now.source.path !== source.path) return null
  }
  return { kind: 'source', problem: failure.problem, volumePresent: where !== 'volumeAbsent' }
}

async function conclude(
  options: SendOptions,
  claim: PartClaim,
  failure: Failure,
  error: { code: string; message: string },
): Promise<void> {
  const { queue, log } = options
  const judgement = await judge(options, {
    operation: 'part',
    failure,
    error,
    attempts: claim.attempts,
    isReplay: false,
  })
  if (judgement.kind !== 'consequence') {
    returnPart(queue, claim)
    return
  }
  const { consequence } = judgement
  const recorded = recordPartFailure(queue, claim, consequence, error)
  const { number, attempts } = claim
  log.warn(
    { uploadId: claim.upload.id, part: number, attempts, error, consequence: consequence.kind, recorded },
    'part failed',
  )
}
