import { type Consequence, classifyFailure, type Failure, type UploadError } from '@rushes/upload-core'
import type { Logger } from 'pino'
import { findWhereabouts } from '../capture/whereabouts.ts'
import { describeFailure } from '../destination/describe-failure.ts'
import type { Destination, ExpectedSource, PartOutcome, PartSource } from '../destination/port.ts'
import { addressAgeMs, areAddressesDead } from '../queue/address-age.ts'
import { findUpload } from '../queue/apply-upload-event.ts'
import type { GroupCommit } from '../queue/group-commit.ts'
import { readUploadLink, type UploadLink } from '../queue/links.ts'
import {
  acknowledgePart,
  claimPart,
  forgetAddress,
  type PartClaim,
  recordPartFailure,
  returnPart,
} from '../queue/part-claims.ts'
import type { StoredSource } from '../queue/stored-upload.ts'
import type { DigestsInOrder } from './digests-in-order.ts'
import { expectedOf } from './expected-source.ts'
import { findStoredPart, type StoredPartAnswer } from './find-stored-part.ts'
import { concludeGrowing } from './growing-source.ts'
import type { HandOver } from './hand-over.ts'
import type { InFlight } from './in-flight.ts'
import { type JudgeOptions, judge } from './judge.ts'
import { keepClaim } from './keep-claim.ts'

export type SendOptions = JudgeOptions & {
  destinationOf(link: UploadLink): Destination
  inFlight: InFlight
  digests: DigestsInOrder
  /** From the registrars. */
  handOver: HandOver
  /** How what arrived is stored, so that workers share a flush to disk. */
  commit: GroupCommit
  /** Told of each part that has ended, for whoever decides how long parts are to be. */
  observe(part: { sentBytes: number; broke: boolean }): void
  stallMs: number
  /** Told just before the queue is looked into for another part. */
  onLook(): void
  /** Told of each part that was found there, for whoever could find another. */
  onClaim(): void
  /** Looks at the watch folders once more before a missing file counts as deleted: it may have been renamed. */
  rescan(): Promise<void>
  /** Told of a path under which another file lies than the one that is known, or a shorter one: whoever watches there may not have seen it change. */
  lookAnew(path: string): void
  log: Logger
  /** No new part is claimed once it has aborted. */
  draining: AbortSignal
  /** What is on its way is given up once it has aborted. */
  stop: AbortSignal
}

/** The part to send next; null: there is none, and it was looked for. `unknown`: it was not looked for. */
type Next = PartClaim | null | 'unknown'

/** Sends parts one after the other for as long as there are any. False when the last look for one found none. */
export async function sendParts(options: SendOptions): Promise<boolean> {
  const { queue, commit, handOver, gate, draining, onLook, onClaim } = options
  const look = async () => {
    const claim = await commit(() => {
      onLook()
      return claimPart(queue)
    })
    if (claim !== null) onClaim()
    return claim
  }
  let next: Next = handOver.take() ?? (await look())
  while (next !== null) {
    if (next !== 'unknown') next = (await sendPart(options, next)) ?? handOver.take()
    else if (draining.aborted || !gate.isOpen()) return true
    else next = handOver.take() ?? (await look())
  }
  return false
}

/** Sends one part; returns the next one if it was looked for in the same transaction as the acknowledgement. */
async function sendPart(options: SendOptions, claim: PartClaim): Promise<Next> {
  const { queue, gate, inFlight, digests, commit, destinationOf, stallMs, stop, draining, onLook, log } = options
  const { upload } = claim
  const link = readUploadLink(queue)
  if (link === null) {
    returnPart(queue, claim)
    return 'unknown'
  }
  if (areAddressesDead(queue, claim.urlsIssuedAt)) {
    const message = 'the signed addresses of this upload ran out'
    const error: UploadError = { class: 'destination', code: 'URL_EXPIRED', message }
    if (claim.phase !== null) forgetAddress(queue, claim, null, error)
    else recordPartFailure(queue, claim, { kind: 'startOver', reason: 'urlExpired' }, error)
    return 'unknown'
  }
  const sending = inFlight.begin(upload.id, stop)
  const stopKeeping = keepClaim(queue, claim, log)
  try {
    const destination = destinationOf(link)
    const file = {
      path: upload.source.path,
      offsetBytes: claim.offset,
      sizeBytes: claim.sizeBytes,
      expected: claim.phase === 'open' ? expectedWhileOpen(upload.source) : expectedOf(upload.source),
      watchFolder: upload.source.watchFolder,
    }
    const acknowledge = (xxh64: string, fileXxh64: string | null = null): Promise<Next> => {
      sending.end()
      return commit(() => {
        const isGoingOn = !draining.aborted && gate.isOpen()
        if (isGoingOn) onLook()
        const { next } = acknowledgePart(queue, claim, xxh64, isGoingOn, fileXxh64)
        return isGoingOn ? next : 'unknown'
      })
    }
    if (claim.attempts > 1 && claim.canBeAskedFor) {
      const answer = await askForPart(options, claim, file, sending.signal)
      if (answer.kind === 'stored') {
        log.info({ uploadId: upload.id, part: claim.number }, 'the part had arrived before; it is not sent again')
        return await acknowledge(answer.xxh64)
      }
    }
    const inOrder = digests.begin(claim)
    let sentBytes = 0
    const outcome = await destination.putPart({
      url: claim.url,
      file,
      contentType: upload.mimeType,
      signal: sending.signal,
      onBytes(byteCount) {
        sentBytes += byteCount
        sending.addBytes(byteCount)
      },
      ...(inOrder === null ? {} : { onRead: inOrder.update }),
      stallMs,
    })
    sending.end()
    options.observe({ sentBytes, broke: sentBytes > 0 && isBroken(outcome) })
    if (outcome.kind !== 'stored') inOrder?.end()
    switch (outcome.kind) {
      case 'stored':
        gate.succeeded()
        return await acknowledge(outcome.xxh64, inOrder?.arrived() ?? null)
      case 'aborted':
        returnPart(queue, claim)
        return 'unknown'
      case 'failed': {
        const failure =
          outcome.failure.kind === 'source' ? await locate(options, claim, outcome.failure) : outcome.failure
        if (failure === null) {
          returnPart(queue, claim)
          return 'unknown'
        }
        const stored = await conclude(options, claim, file, failure, describeFailure(outcome.failure), stop)
        // Put back before anybody saw that it was away, it would rest there and its clip stay given up.
        if (failure.kind === 'source' && failure.problem === 'missing') options.lookAnew(upload.source.path)
        return stored === null ? 'unknown' : await acknowledge(stored)
      }
    }
  } finally {
    stopKeeping()
    sending.end()
  }
}

/** The way to the destination gave out in the middle of a part. */
const isBroken = (outcome: PartOutcome): boolean =>
  outcome.kind === 'failed' && (outcome.failure.kind === 'network' || outcome.failure.kind === 'stalled')

const expectedWhileOpen = ({ inodeIsStable, inode }: StoredSource): ExpectedSource => ({
  sizeBytes: null,
  modifiedUs: null,
  inode: inodeIsStable ? inode : null,
})

/** Adds to a failure of the file whether its volume is there; null when the file has only moved and the part can be sent from its new place. */
async function locate(
  { queue, rescan, lookAnew }: SendOptions,
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
  if (failure.problem === 'changed' || failure.problem === 'truncated') lookAnew(source.path)
  return { kind: 'source', problem: failure.problem, volumePresent: where !== 'volumeAbsent' }
}

/** Records what the failure leads to. The digest of the part when it turns out to be stored all the same, else null. */
async function conclude(
  options: SendOptions,
  claim: PartClaim,
  file: PartSource,
  failure: Failure,
  error: UploadError,
  signal: AbortSignal,
): Promise<string | null> {
  const { queue, log } = options
  const { attempts } = claim
  const ageMs = addressAgeMs(queue, claim.urlsIssuedAt)
  // Of a growing file each part can have another address; only elsewhere one that is dead from the start means a dead upload.
  const age = claim.phase === null ? { addressAgeMs: ageMs } : {}
  const judged = { operation: 'part', failure, error, attempts } as const
  let judgement = await judge(options, { ...judged, ...age, isReplay: false })
  if (judgement.kind === 'consequence' && isLost(judgement.consequence) && claim.canBeAskedFor) {
    // An object store says of a whole clip what it says of a dead upload. Only who keeps the clips can tell them apart, and a clip
    // that is given up because nobody could be asked would be uploaded twice.
    const answer = await askForPart(options, claim, file, signal)
    if (answer.kind === 'stored') return answer.xxh64
    if (answer.kind === 'aborted') judgement = answer
    if (answer.kind === 'missing' && classifyFailure('part', failure).kind === 'authorize')
      judgement = await judge(options, { ...judged, addressAgeMs: ageMs, uploadLives: true, isReplay: true })
    if (answer.kind === 'unanswered') {
      const asked = { failure: answer.failure, error: describeFailure(answer.failure), attempts }
      judgement = await judge(options, { operation: 'custody', isReplay: true, ...asked })
    }
  }
  if (judgement.kind !== 'consequence') {
    returnPart(queue, claim)
    return null
  }
  const { consequence } = judgement
  if (claim.phase !== null && (await concludeGrowing(options, claim, consequence, ageMs, error))) {
    log.info({ uploadId: claim.upload.id, part: claim.number, error }, 'a part of a growing file goes another way')
    return null
  }
  const recorded = recordPartFailure(queue, claim, consequence, error)
  log.warn(
    { uploadId: claim.upload.id, part: claim.number, attempts, error, consequence: consequence.kind, recorded },
    'part failed',
  )
  return null
}

const isLost = (consequence: Consequence): boolean =>
  consequence.kind === 'startOver' && consequence.reason === 'uploadLostByDestination'

/** Asks our ingest whether it has the part, a second time with new tokens where they had run out. */
async function askForPart(
  { queue, destinationOf, authorization }: SendOptions,
  { assetId, number }: PartClaim,
  file: PartSource,
  signal: AbortSignal,
): Promise<StoredPartAnswer> {
  for (const isReplay of [false, true]) {
    const link = readUploadLink(queue)
    if (link === null) return { kind: 'notAsked' }
    const { accessToken } = link
    const answer = await findStoredPart(destinationOf(link), { accessToken, assetId, number, file }, signal)
    if (answer.kind !== 'unanswered' || isReplay) return answer
    if (classifyFailure('custody', answer.failure).kind !== 'authorize') return answer
    const confirmation = await authorization.confirm({ refusedToken: accessToken })
    if (confirmation.kind !== 'confirmed') return answer
  }
  return { kind: 'notAsked' }
}
