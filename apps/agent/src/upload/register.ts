import {
  type Failure,
  type LinkLoss,
  offsetSeconds,
  planFixedParts,
  type SourceProblem,
  type UploadError,
  wantedPartCount,
} from '@rushes/upload-core'
import type { Logger } from 'pino'
import { findWhereabouts } from '../capture/whereabouts.ts'
import { describeFailure } from '../destination/describe-failure.ts'
import type { Destination } from '../destination/port.ts'
import { issuedAt } from '../queue/address-age.ts'
import { applyUploadEvent } from '../queue/apply-upload-event.ts'
import { captureOnOneClock, lacksServerTime } from '../queue/capture-clock.ts'
import type { GroupCommit } from '../queue/group-commit.ts'
import { findGrowth, sendRefusedWhole } from '../queue/growths.ts'
import { findByPath } from '../queue/known-files.ts'
import { readUploadLink, type UploadLink } from '../queue/links.ts'
import {
  adoptSource,
  type Created,
  claimRegistration,
  leaveOlderVersion,
  leavePartsToDestination,
  needNotAdopt,
  type RegistrationClaim,
  recordCreated,
  recordCreateFailure,
  returnRegistration,
  type SourceFacts,
} from '../queue/registrations.ts'
import type { CreatePace } from './create-pace.ts'
import { createKindOf, isRefusedPlan, isRefusedVersion, mayHaveArrived } from './create-request.ts'
import type { HandOver } from './hand-over.ts'
import { type JudgeOptions, judge } from './judge.ts'
import { lookAtSource } from './look-at-source.ts'

export type RegisterOptions = JudgeOptions & {
  destinationOf(link: UploadLink): Destination
  maxOpenAssets: number
  /** How the link to the destination has fared of late. */
  linkLoss(): LinkLoss
  /** Told just before the queue is looked into for another file. */
  onLook(): void
  /** Told of each file that was claimed, for whoever could claim another. */
  onClaim(): void
  /** Whether whoever has made an asset may make another one at once; where it may, that is taken for made unless it is given back. */
  pace: Pick<CreatePace, 'takeOne' | 'giveBack'>
  /** To the senders, of parts that are claimed with their addresses. */
  handOver: HandOver
  /** How claims and the assets that come of them are stored, so that workers share a flush to disk. */
  commit: GroupCommit
  log: Logger
  /** No new file is claimed once it has aborted. */
  draining: AbortSignal
  signal: AbortSignal
}

/** The file to register next; null: there is none, and it was looked for. `unknown`: it was not looked for. */
type Next = RegistrationClaim | null | 'unknown'

/** Registers the next queued file with the destination, and then what is claimed as its asset is stored. False when the last look for one found none. */
export async function registerFiles(options: RegisterOptions): Promise<boolean> {
  let next: Next = await options.commit(() => claimNext(options))
  if (next === null) options.pace.giveBack()
  while (next !== null && next !== 'unknown') {
    options.onClaim()
    const ready = await prepareSource(options, next)
    next = ready === null ? 'unknown' : await create(options, ready)
  }
  return next !== null
}

function claimNext({ queue, maxOpenAssets, linkLoss, onLook }: RegisterOptions): RegistrationClaim | null {
  onLook()
  return claimRegistration(queue, maxOpenAssets, (sizeBytes) => wantedPartCount(sizeBytes, linkLoss()))
}

/** Makes the asset, again where new tokens are worth it or the destination will not make it as it was asked to. */
async function create(options: RegisterOptions, claim: RegistrationClaim): Promise<Next> {
  let ready: RegistrationClaim | null = claim
  let isReplay = false
  while (ready !== null) {
    const ended = await createOnce(options, ready, isReplay)
    if (ended === 'done') return 'unknown'
    if (ended === 'replay') isReplay = true
    else if (ended === 'replan') ready = leavePartsToDestination(options.queue, ready)
    else if (ended === 'standAlone') ready = leaveOlderVersion(options.queue, ready)
    else return ended.next
  }
  return 'unknown'
}

/** Makes sure that the file is still the one that was queued; null when it is not, and the claim has been dealt with. */
async function prepareSource(options: RegisterOptions, claim: RegistrationClaim): Promise<RegistrationClaim | null> {
  const { queue } = options
  const { upload } = claim
  const look = await lookAtSource(upload.source, upload.adoptSource)
  // That it has grown since is no news; whether it is another one by now, capture tells.
  if (upload.isRealtime && look.kind !== 'problem') return claim
  switch (look.kind) {
    case 'same':
      if (upload.adoptSource) needNotAdopt(queue, upload.id)
      return claim
    case 'different':
      // Of a take that only its ends tell from the one before, capture says what it is, and when it was taken: it is wanted as soon as that has come.
      if (upload.adoptSource && upload.source.watchFolder !== null && hasLookOf(upload.source, look.facts)) {
        await concludeSource(options, claim, 'changed', '')
        return null
      }
      if (upload.adoptSource && look.facts.sizeBytes > 0) {
        return { ...claim, upload: adoptSource(queue, upload, look.facts) }
      }
      // Nothing has been made of it yet: let it come to rest again, where somebody watches who will say so.
      if (
        upload.source.watchFolder !== null &&
        findByPath(queue, upload.source.path, upload.source.volumeId)?.id === upload.id
      ) {
        applyUploadEvent(queue, upload.id, { kind: 'grewAgain' })
        return null
      }
      await concludeSource(options, claim, 'changed', '')
      return null
    case 'problem':
      await concludeSource(options, claim, look.problem, look.code)
      return null
  }
}

const hasLookOf = (source: SourceFacts, { sizeBytes, modifiedUs }: SourceFacts): boolean =>
  source.sizeBytes === sizeBytes && source.modifiedUs === modifiedUs

async function concludeSource(
  options: RegisterOptions,
  claim: RegistrationClaim,
  problem: SourceProblem,
  code: string,
): Promise<void> {
  const { source } = claim.upload
  const where = await findWhereabouts(source.path, source, source.watchFolder)
  const failure: Failure = { kind: 'source', problem, volumePresent: where !== 'volumeAbsent' }
  await conclude(options, claim, failure, describeFailure({ kind: 'source', problem, code }), false)
}

/**
 * `replay`: to be made again at once, with new tokens. `replan`: to be made again without a wish for parts. `standAlone`: to be made again as
 * a clip that is no version of another. `next`: the asset is stored, with what was claimed beside it.
 */
type Ended = 'done' | 'replay' | 'replan' | 'standAlone' | { next: Next }

async function createOnce(options: RegisterOptions, claim: RegistrationClaim, isReplay: boolean): Promise<Ended> {
  const { queue, commit, handOver, destinationOf, gate, log, signal } = options
  const { upload } = claim
  // Its answer tells the time; where there is none the create will hardly fare better.
  if (lacksServerTime(queue, upload)) await options.authorization.confirm()
  const link = readUploadLink(queue)
  if (link === null || link.fence !== 'open' || link.project?.id !== upload.projectId) {
    // The row was cleared, or will be claimed again when the fence is open: nothing of it may be sent now.
    returnRegistration(queue, claim, false)
    return 'done'
  }
  const askedAt = queue.uptimeMs()
  const outcome = await destinationOf(link).createAsset(
    {
      ...createKindOf(upload),
      accessToken: link.accessToken,
      fileType: upload.mimeType,
      offsetSeconds() {
        const capture = captureOnOneClock(queue, upload)
        return offsetSeconds(capture.capturedAt, capture.now)
      },
      channel: upload.channel,
      idempotencyKey: upload.createKey,
      ...(upload.versionOf === null ? {} : { versionOf: upload.versionOf }),
    },
    signal,
  )
  if (outcome.kind === 'aborted') {
    returnRegistration(queue, claim, true)
    return 'done'
  }
  if (outcome.kind === 'failed') {
    if (isRefusedPlan(outcome.failure, upload)) {
      log.info({ uploadId: upload.id, parts: upload.partsAsked }, 'the destination cuts the file by itself instead')
      return 'replan'
    }
    if (isRefusedVersion(outcome.failure, upload, link.isOurs)) {
      const { id: uploadId, versionOf } = upload
      log.warn({ uploadId, versionOf }, 'the clip that this is a newer version of is gone: it becomes one of its own')
      return 'standAlone'
    }
    const isUncertain = mayHaveArrived(outcome.failure)
    return conclude(options, claim, outcome.failure, describeFailure(outcome.failure), isUncertain, {
      accessToken: link.accessToken,
      isReplay,
    })
  }
  const urlsIssuedAt = issuedAt(queue, askedAt)
  if (upload.isRealtime) {
    gate.succeeded()
    const { assetId } = outcome
    const { applied } = await commit(() => recordCreated(queue, claim, { assetId, urlsIssuedAt, parts: [] }))
    log.info({ uploadId: upload.id, assetId, stored: applied.kind === 'moved' }, 'asset of a growing file created')
    return 'done'
  }
  const plan = planFixedParts(upload.sizeBytes, outcome.uploadUrls.length)
  if (plan.kind === 'impossible') {
    const message = `the destination's addresses do not fit the file: ${plan.why}`
    const error: UploadError = { class: 'destination', code: 'IMPOSSIBLE_PLAN', message }
    recordCreateFailure(queue, claim, {
      consequence: { kind: 'fail', reason: 'rejectedByDestination' },
      uncertain: false,
      error,
    })
    return 'done'
  }
  gate.succeeded()
  const parts = plan.parts.flatMap((part) => {
    const url = outcome.uploadUrls[part.number - 1]
    return url === undefined ? [] : [{ ...part, url }]
  })
  const created = { assetId: outcome.assetId, urlsIssuedAt, parts }
  const { applied, part, next } = await storeAndGoOn(options, claim, created)
  if (part !== null) handOver.give(part)
  log.info(
    { uploadId: upload.id, assetId: outcome.assetId, parts: parts.length, stored: applied.kind === 'moved' },
    'asset created',
  )
  return { next }
}

/** Stores an asset, and claims the next file beside it where one may go on. */
async function storeAndGoOn(options: RegisterOptions, claim: RegistrationClaim, created: Created) {
  const { queue, commit, gate, handOver, draining, pace } = options
  const mayGoOn = () => !draining.aborted && gate.isOpen()
  const isAllowed = mayGoOn() && pace.takeOne()
  try {
    const stored = await commit(() => ({
      ...recordCreated(queue, claim, created, handOver.isWanted()),
      next: isAllowed && mayGoOn() ? claimNext(options) : ('unknown' as const),
    }))
    if (isAllowed && (stored.next === null || stored.next === 'unknown')) pace.giveBack()
    return stored
  } catch (error) {
    if (isAllowed) pace.giveBack()
    // The asset is there: whatever keeps the next file from being claimed, this one must not be made a second time.
    await commit(() => recordCreated(queue, claim, created))
    throw error
  }
}

async function conclude(
  options: RegisterOptions,
  claim: RegistrationClaim,
  failure: Failure,
  error: UploadError,
  uncertain: boolean,
  call: { accessToken: string; isReplay: boolean } | null = null,
): Promise<Ended> {
  const { queue, log } = options
  const { upload } = claim
  const attempts = upload.state.kind === 'registering' ? upload.state.registration.attempts : upload.attempts
  const judgement = await judge(options, {
    operation: 'create',
    failure,
    error,
    attempts,
    isReplay: call?.isReplay ?? false,
    ...(call === null ? {} : { accessToken: call.accessToken }),
  })
  if (judgement.kind === 'replay') return 'replay'
  if (judgement.kind === 'aborted') {
    returnRegistration(queue, claim, uncertain)
    return 'done'
  }
  const { consequence } = judgement
  log.warn({ uploadId: upload.id, error, attempts, consequence: consequence.kind }, 'create failed')
  queue.transact(() => {
    recordCreateFailure(queue, claim, { consequence, uncertain, error })
    // Its file has come to rest meanwhile, which nobody will tell of once more.
    if (upload.isRealtime && findGrowth(queue, upload.id)?.phase === 'complete') sendRefusedWhole(queue, upload.id)
  })
  return 'done'
}
