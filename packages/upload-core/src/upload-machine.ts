import type { Consequence } from './consequence.ts'
import { holdsLease, type Lease } from './lease.ts'
import {
  type Asset,
  type CancelledReason,
  type ClearedReason,
  type FailedReason,
  freshRegistration,
  freshWork,
  type HeldReason,
  type RefusedReason,
  type Registration,
  type UploadError,
  type UploadState,
  type WaitingReason,
  type Work,
} from './upload-state.ts'

/** What happened to an upload. Past-tense facts; requests of people are facts too. */
export type UploadEvent =
  /** The file has rested. `hold`: a reason not to upload it by itself. */
  | { kind: 'rested'; hold: HeldReason | null }
  | { kind: 'refused'; reason: RefusedReason }
  /** Enough of a growing file is there to begin with its upload. */
  | { kind: 'begun' }
  /** A worker took it to register it; the attempt is counted here, before anything is sent. */
  | { kind: 'claimed'; lease: Lease }
  | { kind: 'created'; token: number; assetId: string; partsTotal: number; urlsIssuedAt: number }
  /** `uncertain`: the destination may have made the asset all the same. */
  | { kind: 'createFailed'; token: number; consequence: Consequence; uncertain: boolean; error: UploadError }
  /** The claim was given back by an orderly shutdown or because nothing was sent at all. */
  | { kind: 'claimReturned'; token: number; uncertain: boolean }
  /** The claimer is gone without a word (crash, power cut, a lease that ran out). */
  | { kind: 'claimLost'; consequence: Consequence }
  | { kind: 'partAcknowledged' }
  /** More of a growing file was cut. While it is open, `partsTotal` counts one part more than there are: its end is still to come. */
  | { kind: 'partsCut'; partsTotal: number }
  /** A growing file was truncated or replaced: what takes its place is another take, and nothing that was sent is of it. */
  | { kind: 'takenAnew' }
  /** What was sent of a growing file is not the file as it rests now: it goes up once more, whole. */
  | { kind: 'contentDiffers' }
  /** None of its parts can move before `until` (null: before the cause has passed). */
  | { kind: 'partsStalled'; reason: WaitingReason; until: number | null; deprioritised: boolean }
  | { kind: 'partsExhausted'; bootId: string; error: UploadError }
  | { kind: 'assetLost'; reason: 'urlExpired' | 'uploadLostByDestination'; error: UploadError }
  | { kind: 'failed'; reason: FailedReason; error: UploadError }
  /** What it waited for has passed. */
  | { kind: 'waitEnded' }
  /** The agent runs in a boot of the machine that is not the one it gave up in. */
  | { kind: 'booted'; bootId: string }
  | { kind: 'custodyOwed' }
  | { kind: 'custodyAnswered'; answer: 'verified' | 'sizeChecked' | 'mismatch' | 'lost' }
  | { kind: 'custodyAbandoned' }
  | { kind: 'sourceRemoved' }
  /** A file that was taken for deleted has turned up under another name. */
  | { kind: 'sourceFound' }
  /** The file was written to again before an asset was made of it. */
  | { kind: 'grewAgain' }
  /** A reason came up not to begin it by itself. */
  | { kind: 'heldBack'; reason: HeldReason }
  | { kind: 'released' }
  /** A person wants a clip that was captured in a pause to be offered once more, and has said why. */
  | { kind: 'unblocked' }
  /** A person takes a clip back that was cleared from the queue. */
  | { kind: 'restored' }
  /** A clip that was held because the queue was lost is whole at the destination already. */
  | { kind: 'foundAtDestination'; assetId: string; verified: boolean }
  | { kind: 'retried' }
  | { kind: 'reset' }
  | { kind: 'cancelled'; reason: CancelledReason }
  | { kind: 'cleared'; reason: ClearedReason }

/** What the shell does with a transition, in the same transaction where it is about rows. */
export type UploadEffect =
  /** Forget the parts and their addresses. */
  | 'dropParts'
  /** Stop whatever is being sent of it at once. */
  | 'abortSending'
  /** Parts that are not acknowledged get their tries back. */
  | 'refreshPartTries'
  /** The next create is another one: it gets another idempotency key. */
  | 'renewCreateKey'
  /** The next create takes the file as it is then. */
  | 'adoptSource'

export type UploadTransition =
  | { kind: 'moved'; state: UploadState; effects: UploadEffect[] }
  /** `staleLease`: a result of somebody who has lost the row. `notApplicable`: the event means nothing in this state. */
  | { kind: 'ignored'; why: 'staleLease' | 'notApplicable' }

const notApplicable: UploadTransition = { kind: 'ignored', why: 'notApplicable' }
const staleLease: UploadTransition = { kind: 'ignored', why: 'staleLease' }

const moved = (state: UploadState, ...effects: UploadEffect[]): UploadTransition => ({ kind: 'moved', state, effects })

/**
 * The upload state machine: total over states and events, without clock, randomness or I/O. `SPEC.md` beside this file has the
 * diagram and the invariants.
 */
export function transitionUpload(state: UploadState, event: UploadEvent, context: { now: number }): UploadTransition {
  switch (event.kind) {
    case 'rested':
      if (state.kind !== 'growing') return notApplicable
      return moved(
        event.hold === null
          ? { kind: 'queued', registration: freshRegistration }
          : { kind: 'held', reason: event.hold, work: freshWork },
      )
    case 'refused': {
      if (state.kind === 'growing') return moved({ kind: 'refused', reason: event.reason })
      if (state.kind !== 'queued' && state.kind !== 'registering') return notApplicable
      return moved({ kind: 'refused', reason: event.reason }, ...partsOf(state.registration))
    }
    case 'begun':
      return state.kind === 'growing' ? moved({ kind: 'queued', registration: freshRegistration }) : notApplicable
    case 'claimed':
      if (state.kind !== 'queued') return notApplicable
      // Uncertain from here on: should the process die now, nobody knows whether the create got through.
      return moved({
        kind: 'registering',
        lease: event.lease,
        registration: { ...state.registration, attempts: state.registration.attempts + 1, uncertain: true },
      })
    case 'created':
    case 'createFailed':
    case 'claimReturned':
      if (state.kind !== 'registering') return notApplicable
      return holdsLease(state.lease, event.token) ? afterCreate(state, event) : staleLease
    case 'claimLost':
      return state.kind === 'registering'
        ? applyCreateConsequence(state.registration, event.consequence, null)
        : notApplicable
    case 'partAcknowledged':
      return acknowledgePart(state)
    case 'partsCut':
      if (state.kind !== 'uploading' || event.partsTotal <= state.asset.partsDone) return notApplicable
      return moved({ kind: 'uploading', asset: { ...state.asset, partsTotal: event.partsTotal } })
    case 'takenAnew':
      // Of one that a person took out, or that has failed, only what it kept to go on with is forgotten: a retry takes the file as it is.
      if ((state.kind === 'cancelled' || state.kind === 'failed') && state.work !== null)
        return moved({ ...state, work: null }, 'abortSending', 'dropParts')
      if (state.kind !== 'held' && !isUnderWay(state)) return notApplicable
      return moved({ kind: 'growing' }, 'abortSending', 'dropParts', 'renewCreateKey')
    case 'contentDiffers':
      if (state.kind !== 'uploading' && !(state.kind === 'uploaded' && state.custody === 'none')) return notApplicable
      return moved(
        { kind: 'queued', registration: freshRegistration },
        'abortSending',
        'dropParts',
        'renewCreateKey',
        'adoptSource',
      )
    case 'partsStalled':
      if (state.kind !== 'uploading') return notApplicable
      return moved({
        kind: 'waiting',
        reason: event.reason,
        until: event.until,
        sinceBootId: null,
        work: {
          step: 'parts',
          asset: { ...state.asset, deprioritised: state.asset.deprioritised || event.deprioritised },
        },
      })
    case 'partsExhausted': {
      const asset = assetOf(state)
      if (asset === null || !isUnderWay(state)) return notApplicable
      const work: Work = { step: 'parts', asset: { ...asset, deprioritised: true } }
      return moved({ kind: 'waiting', reason: 'awaitingRestart', until: null, sinceBootId: event.bootId, work })
    }
    case 'assetLost':
      return loseAsset(state, event.reason, event.error)
    case 'failed':
      return fail(state, event.reason, event.error)
    case 'waitEnded':
      if (state.kind !== 'waiting' || state.reason === 'awaitingRestart') return notApplicable
      if (state.until !== null && context.now < state.until) return notApplicable
      return moved(resume(state.work))
    case 'booted':
      if (state.kind !== 'waiting' || state.reason !== 'awaitingRestart' || state.sinceBootId === event.bootId)
        return notApplicable
      return moved(resume(state.work))
    case 'custodyOwed':
      return state.kind === 'uploaded' && state.custody === 'none'
        ? moved({ ...state, custody: 'owed' })
        : notApplicable
    case 'custodyAnswered':
      return answerCustody(state, event.answer)
    case 'custodyAbandoned':
      return state.kind === 'uploaded' && state.custody === 'owed'
        ? moved({ ...state, custody: 'abandoned' })
        : notApplicable
    case 'sourceRemoved': {
      // Of a file that had not come to rest there is nothing to go on with yet; what it is now is looked at when its volume is back.
      if (state.kind === 'growing') {
        const work: Work = { step: 'register', registration: freshRegistration }
        return moved({ kind: 'waiting', reason: 'sourceRemoved', until: null, sinceBootId: null, work })
      }
      const work = workOf(state)
      if (work === null || !isUnderWay(state)) return notApplicable
      return moved({ kind: 'waiting', reason: 'sourceRemoved', until: null, sinceBootId: null, work }, 'abortSending')
    }
    case 'sourceFound':
      if (state.kind !== 'cleared' || state.reason !== 'sourceDeleted') return notApplicable
      return moved({ kind: 'queued', registration: freshRegistration }, 'renewCreateKey')
    case 'grewAgain': {
      if (state.kind !== 'held' && !isUnderWay(state)) return notApplicable
      const work = workOf(state)
      if (work?.step !== 'register') return notApplicable
      // Another size is another create: under the old key a destination would answer with the asset of the old size.
      return moved({ kind: 'growing' }, ...partsOf(work.registration), 'renewCreateKey')
    }
    case 'heldBack':
      if (state.kind !== 'queued') return notApplicable
      return moved({ kind: 'held', reason: event.reason, work: { step: 'register', registration: state.registration } })
    case 'released':
      return state.kind === 'held' ? moved(resume(state.work)) : notApplicable
    case 'unblocked':
      // Its create says again when it was captured: where the pause still covers that, it is blocked again.
      if (state.kind !== 'blocked') return notApplicable
      return moved({ kind: 'queued', registration: freshRegistration }, 'renewCreateKey')
    case 'restored':
      if (state.kind !== 'cleared' || state.reason === 'sourceDeleted') return notApplicable
      return moved(
        state.heldFor === null
          ? { kind: 'queued', registration: freshRegistration }
          : { kind: 'held', reason: state.heldFor, work: freshWork },
        'renewCreateKey',
      )
    case 'foundAtDestination': {
      if (state.kind !== 'held' || state.reason !== 'queueRebuilt' || state.work.step !== 'register')
        return notApplicable
      const { assetId, verified } = event
      const { recreations, deprioritised } = state.work.registration
      const parts = { partsTotal: 1, partsDone: 1 }
      const asset: Asset = { assetId, urlsIssuedAt: context.now, ...parts, recreations, deprioritised }
      return moved(verified ? { kind: 'verified', asset } : { kind: 'uploaded', asset, custody: 'none' })
    }
    case 'retried':
      return retry(state)
    case 'reset':
      if (state.kind !== 'failed' && state.kind !== 'cancelled' && state.kind !== 'waiting') return notApplicable
      return moved(
        { kind: 'queued', registration: freshRegistration },
        'abortSending',
        'dropParts',
        'renewCreateKey',
        'adoptSource',
      )
    case 'cancelled':
      if (!isOpen(state) && state.kind !== 'failed') return notApplicable
      // What has been sent is kept: a part whose reply was cut off may have completed the asset, and a retry must not make another.
      return moved({ kind: 'cancelled', reason: event.reason, work: workOf(state) }, 'abortSending')
    case 'cleared':
      return isOpen(state) || state.kind === 'failed'
        ? moved({ kind: 'cleared', reason: event.reason, heldFor: holdOf(state) }, 'abortSending', 'dropParts')
        : notApplicable
  }
}

/** Something is still to be sent of it. */
export function isOpen(state: UploadState): boolean {
  return state.kind === 'growing' || state.kind === 'held' || isUnderWay(state)
}

function isUnderWay(state: UploadState): boolean {
  return (
    state.kind === 'queued' || state.kind === 'registering' || state.kind === 'uploading' || state.kind === 'waiting'
  )
}

function workOf(state: UploadState): Work | null {
  if (state.kind === 'queued' || state.kind === 'registering')
    return { step: 'register', registration: state.registration }
  if (state.kind === 'uploading') return { step: 'parts', asset: state.asset }
  if (state.kind === 'waiting' || state.kind === 'held' || state.kind === 'failed' || state.kind === 'cancelled')
    return state.work
  return null
}

const holdOf = (state: UploadState): HeldReason | null => (state.kind === 'held' ? state.reason : null)

function assetOf(state: UploadState): Asset | null {
  const work = workOf(state)
  return work?.step === 'parts' ? work.asset : null
}

const resume = (work: Work): UploadState =>
  work.step === 'register'
    ? { kind: 'queued', registration: work.registration }
    : { kind: 'uploading', asset: work.asset }

type Registering = Extract<UploadState, { kind: 'registering' }>

function afterCreate(
  state: Registering,
  event: Extract<UploadEvent, { kind: 'created' | 'createFailed' | 'claimReturned' }>,
): UploadTransition {
  const { registration } = state
  if (event.kind === 'created') {
    const { assetId, partsTotal, urlsIssuedAt } = event
    const { recreations, deprioritised, expired } = registration
    const asset: Asset = { assetId, urlsIssuedAt, partsTotal, partsDone: 0, recreations, deprioritised }
    if (expired?.assetId !== assetId || expired.partsTotal !== partsTotal)
      return moved({ kind: 'uploading', asset }, ...partsOf(registration))
    return moved({ kind: 'uploading', asset: { ...asset, partsDone: expired.partsDone } })
  }
  if (event.kind === 'claimReturned') {
    return moved({
      kind: 'queued',
      registration: { ...registration, attempts: registration.attempts - 1, uncertain: event.uncertain },
    })
  }
  return applyCreateConsequence({ ...registration, uncertain: event.uncertain }, event.consequence, event.error)
}

function applyCreateConsequence(
  registration: Registration,
  consequence: Consequence,
  error: UploadError | null,
): UploadTransition {
  switch (consequence.kind) {
    case 'tryAgain': {
      const attempts = registration.attempts - (consequence.counted ? 0 : 1)
      const deprioritised = registration.deprioritised || consequence.deprioritised
      const work: Work = { step: 'register', registration: { ...registration, attempts, deprioritised } }
      // The doubt is the more telling reason while only a short delay separates it from the next try.
      const reason = registration.uncertain && consequence.reason === 'backoff' ? 'createUncertain' : consequence.reason
      return moved({ kind: 'waiting', reason, until: consequence.at, sinceBootId: null, work })
    }
    case 'awaitRestart': {
      const work: Work = { step: 'register', registration: { ...registration, deprioritised: true } }
      return moved({ kind: 'waiting', reason: 'awaitingRestart', until: null, sinceBootId: consequence.bootId, work })
    }
    case 'startOver':
      // A create has no asset to lose yet; treat it as one more try of the same create.
      return moved({ kind: 'queued', registration })
    case 'block':
      return moved({ kind: 'blocked', reason: 'capturedInPause' }, ...partsOf(registration))
    case 'clear':
      return moved({ kind: 'cleared', reason: 'sourceDeleted', heldFor: null }, ...partsOf(registration))
    case 'fail': {
      const { reason } = consequence
      if (reason !== 'attemptsExhausted')
        return moved({ kind: 'failed', reason, error, work: null }, ...partsOf(registration))
      return moved({ kind: 'failed', reason, error, work: { step: 'register', registration } })
    }
  }
}

/** Only an upload whose addresses ran out has parts before it is registered again. */
const partsOf = ({ expired }: Registration): UploadEffect[] => (expired === null ? [] : ['dropParts'])

function acknowledgePart(state: UploadState): UploadTransition {
  // A part in flight may arrive after its siblings failed, its address ran out or an operator cancelled; what the destination has
  // stays acknowledged.
  const work = workOf(state)
  const asset = work?.step === 'parts' ? work.asset : (work?.registration.expired ?? null)
  if (work === null || asset === null) return notApplicable
  const next: Asset = { ...asset, partsDone: asset.partsDone + 1 }
  if (next.partsDone >= next.partsTotal) return moved({ kind: 'uploaded', asset: next, custody: 'none' })
  if (state.kind === 'uploading') return moved({ kind: 'uploading', asset: next })
  if (work.step === 'parts')
    return 'work' in state ? moved({ ...state, work: { step: 'parts', asset: next } }) : notApplicable
  const registration = { ...work.registration, expired: next }
  if ('work' in state) return moved({ ...state, work: { step: 'register', registration } })
  return 'registration' in state ? moved({ ...state, registration }) : notApplicable
}

function loseAsset(
  state: UploadState,
  reason: 'urlExpired' | 'uploadLostByDestination',
  error: UploadError,
): UploadTransition {
  const asset = assetOf(state)
  if (asset === null || !isUnderWay(state)) return notApplicable
  // An address that ran out is nobody's fault; an upload that the destination forgets twice is not worth a third try by itself.
  if (reason === 'uploadLostByDestination' && asset.recreations >= 1) {
    return moved({ kind: 'failed', reason, error, work: null }, 'abortSending', 'dropParts')
  }
  const { recreations, deprioritised } = asset
  if (reason === 'urlExpired')
    return moved(
      { kind: 'queued', registration: { ...freshRegistration, recreations, deprioritised, expired: asset } },
      'abortSending',
    )
  const registration: Registration = { ...freshRegistration, recreations: recreations + 1, deprioritised }
  return moved({ kind: 'queued', registration }, 'abortSending', 'dropParts', 'renewCreateKey')
}

function fail(state: UploadState, reason: FailedReason, error: UploadError): UploadTransition {
  const work = workOf(state)
  // Also of one that has failed already: what it kept to go on with is of a file that is no more.
  const isOfOtherFile = work !== null && (reason === 'sourceChanged' || reason === 'sourceTruncated')
  if (!isUnderWay(state) && !(state.kind === 'failed' && isOfOtherFile)) return notApplicable
  // The parts that arrived stay worth something only while the file is still the one that they were cut from.
  if (reason === 'attemptsExhausted' || reason === 'readError')
    return moved({ kind: 'failed', reason, error, work }, 'abortSending')
  return moved({ kind: 'failed', reason, error, work: null }, 'abortSending', 'dropParts')
}

function answerCustody(state: UploadState, answer: 'verified' | 'sizeChecked' | 'mismatch' | 'lost'): UploadTransition {
  if (state.kind !== 'uploaded' || state.custody !== 'owed') return notApplicable
  switch (answer) {
    case 'verified':
      return moved({ kind: 'verified', asset: state.asset })
    case 'sizeChecked':
      return moved({ ...state, custody: 'none' })
    case 'mismatch': {
      const message = 'the destination stored other bytes than were sent'
      const error: UploadError = { class: 'destination', code: 'DIGEST_MISMATCH', message }
      return moved({ kind: 'failed', reason: 'digestMismatch', error, work: null }, 'dropParts')
    }
    case 'lost': {
      const message = 'the destination no longer knows the asset'
      const error: UploadError = { class: 'destination', code: 'ASSET_LOST', message }
      return moved({ kind: 'failed', reason: 'uploadLostByDestination', error, work: null }, 'dropParts')
    }
  }
}

function retry(state: UploadState): UploadTransition {
  // One part may wait for minutes while another could go, and what is seen of the clip is that it waits.
  if (state.kind === 'uploading') return moved(state, 'refreshPartTries')
  if (state.kind !== 'failed' && state.kind !== 'cancelled' && state.kind !== 'waiting') return notApplicable
  const { work } = state
  if (work === null)
    return moved({ kind: 'queued', registration: freshRegistration }, 'dropParts', 'renewCreateKey', 'adoptSource')
  if (work.step === 'parts')
    return moved({ kind: 'uploading', asset: { ...work.asset, deprioritised: false } }, 'refreshPartTries')
  // The doubt about an earlier create and its key stay: fresh tries must not become a second asset.
  const registration = { ...work.registration, attempts: 0, deprioritised: false }
  return moved(
    { kind: 'queued', registration },
    ...(registration.expired === null ? [] : ['refreshPartTries' as const]),
  )
}
