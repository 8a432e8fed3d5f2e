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
import { findByPath } from '../queue/known-files.ts'
import { readUploadLink, type UploadLink } from '../queue/links.ts'
import {
  adoptSource,
  claimRegistration,
  leaveOlderVersion,
  leavePartsToDestination,
  type RegistrationClaim,
  recordCreated,
  recordCreateFailure,
  returnRegistration,
} from '../queue/registrations.ts'
import { createKindOf, isRefusedPlan, isRefusedVersion, mayHaveArrived } from './create-request.ts'
import type { HandOver } from './hand-over.ts'
import { type JudgeOptions, judge } from './judge.ts'
import { lookAtSource } from './look-at-source.ts'

export type RegisterOptions = JudgeOptions & {
  destinationOf(link: UploadLink): Destination
  maxOpenAssets: number
  /** How the link to the destination has fared of late. */
  linkLoss(): LinkLoss
  /** Told of each file that was claimed, for whoever could claim another. */
  onClaim(): void
  /** To the senders, of parts that are claimed with their addresses. */
  handOver: HandOver
  /** How claims and the assets that come of them are stored, so that workers share a flush to disk. */
  commit: GroupCommit
  log: Logger
  signal: AbortSignal
}

/** Registers the next queued file with the destination. False when there was none to claim. */
export async function registerNext(options: RegisterOptions): Promise<boolean> {
  const { queue, commit, maxOpenAssets, linkLoss } = options
  const partsFor = (sizeBytes: number) => wantedPartCount(sizeBytes, linkLoss())
  const claim = await commit(() => claimRegistration(queue, maxOpenAssets, partsFor))
  if (claim === null) return false
  options.onClaim()
  const ready = await prepareSource(options, claim)
  if (ready === null) return true
  await create(options, ready)
  return true
}

/** Makes the asset, again where new tokens are worth it or the destination will not make it as it was asked to. */
async function create(options: RegisterOptions, claim: RegistrationClaim): Promise<void> {
  let ready: RegistrationClaim | null = claim
  let isReplay = false
  while (ready !== null) {
    const ended = await createOnce(options, ready, isReplay)
    if (ended === 'done') return
    if (ended === 'replay') isReplay = true
    else if (ended === 'replan') ready = leavePartsToDestination(options.queue, ready)
    else ready = leaveOlderVersion(options.queue, ready)
  }
}

/** Makes sure that the file is still the one that was queued; null when it is not, and the claim has been dealt with. */
async function prepareSource(options: RegisterOptions, claim: RegistrationClaim): Promise<RegistrationClaim | null> {
  const { queue } = options
  const { upload } = claim
  const look = await lookAtSource(upload.source)
  // That it has grown since is no news; whether it is another one by now, capture tells.
  if (upload.isRealtime && look.kind !== 'problem') return claim
  switch (look.kind) {
    case 'same':
      return claim
    case 'different':
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
 * a clip that is no version of another.
 */
type Ended = 'done' | 'replay' | 'replan' | 'standAlone'

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
  const { applied, next } = await commit(() => recordCreated(queue, claim, created, handOver.isWanted()))
  if (next !== null) handOver.give(next)
  log.info(
    { uploadId: upload.id, assetId: outcome.assetId, parts: parts.length, stored: applied.kind === 'moved' },
    'asset created',
  )
  return 'done'
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
  recordCreateFailure(queue, claim, { consequence, uncertain, error })
  return 'done'
}
