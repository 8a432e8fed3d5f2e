import type { Consequence } from './consequence.ts'
import { moved, notApplicable, type UploadEvent, type UploadTransition } from './upload-event.ts'
import {
  type Asset,
  type FailedReason,
  freshRegistration,
  type Registration,
  type UploadError,
  type UploadState,
  type Work,
} from './upload-state.ts'
import { assetOf, awaitsRestart, isUnderWay, partsOf, workOf } from './upload-work.ts'

type Registering = Extract<UploadState, { kind: 'registering' }>

/** A create has ended, or its claim was given back. */
export function afterCreate(
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

/** What a create that failed or was lost leads to. `error`: null where nobody was there to see one. */
export function applyCreateConsequence(
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

/** The destination has one part more. */
export function acknowledgePart(state: UploadState): UploadTransition {
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

/** The asset cannot be gone on with: registered anew, or failed where that has been tried. */
export function loseAsset(
  state: UploadState,
  reason: 'urlExpired' | 'uploadLostByDestination',
  error: UploadError,
): UploadTransition {
  const asset = assetOf(state)
  if (asset === null || !isUnderWay(state) || awaitsRestart(state)) return notApplicable
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

/** A person has to look at it. What it keeps to go on with depends on whether the file is still the one that was sent. */
export function fail(state: UploadState, reason: FailedReason, error: UploadError): UploadTransition {
  const work = workOf(state)
  // Also of one that has failed already: what it kept to go on with is of a file that is no more.
  const isOfOtherFile = work !== null && (reason === 'sourceChanged' || reason === 'sourceTruncated')
  if (!isUnderWay(state) && !(state.kind === 'failed' && isOfOtherFile)) return notApplicable
  // The parts that arrived stay worth something only while the file is still the one that they were cut from.
  if (reason === 'attemptsExhausted' || reason === 'readError')
    return moved({ kind: 'failed', reason, error, work }, 'abortSending')
  return moved({ kind: 'failed', reason, error, work: null }, 'abortSending', 'dropParts')
}

/** What is wrong with a clip of which the destination says so when it is asked what it stored. */
export const custodyErrors = {
  mismatch: {
    class: 'destination',
    code: 'DIGEST_MISMATCH',
    message: 'the destination stored other bytes than were sent',
  },
  lost: { class: 'destination', code: 'ASSET_LOST', message: 'the destination no longer knows the asset' },
  incomplete: {
    class: 'destination',
    code: 'PARTS_LOST',
    message: 'the destination lacks parts that it had acknowledged',
  },
} as const satisfies Record<string, UploadError>

/** The destination has told what it stored. */
export function answerCustody(
  state: UploadState,
  answer: 'verified' | 'sizeChecked' | keyof typeof custodyErrors,
): UploadTransition {
  if (state.kind !== 'uploaded' || state.custody !== 'owed') return notApplicable
  if (answer === 'verified') return moved({ kind: 'verified', asset: state.asset })
  if (answer === 'sizeChecked') return moved({ ...state, custody: 'none' })
  const reason = answer === 'mismatch' ? 'digestMismatch' : 'uploadLostByDestination'
  return moved({ kind: 'failed', reason, error: custodyErrors[answer], work: null }, 'dropParts')
}

/** A person wants it tried again, with fresh tries, keeping what has arrived. */
export function retry(state: UploadState): UploadTransition {
  // One part may wait for minutes while another could go, and what is seen of the clip is that it waits.
  if (state.kind === 'uploading')
    return moved({ kind: 'uploading', asset: { ...state.asset, deprioritised: false } }, 'refreshPartTries')
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
