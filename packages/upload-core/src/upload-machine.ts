import { holdsLease } from './lease.ts'
import { moved, notApplicable, staleLease, type UploadEvent, type UploadTransition } from './upload-event.ts'
import {
  acknowledgePart,
  afterCreate,
  answerCustody,
  applyCreateConsequence,
  fail,
  loseAsset,
  retry,
} from './upload-outcomes.ts'
import { type Asset, freshRegistration, freshWork, type UploadState, type Work } from './upload-state.ts'
import { assetOf, awaitsRestart, holdOf, isOpen, isUnderWay, partsOf, resume, workOf } from './upload-work.ts'

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
    case 'partsDeprioritised': {
      const asset = assetOf(state)
      if (asset === null || asset.deprioritised) return notApplicable
      const behind: Asset = { ...asset, deprioritised: true }
      if (state.kind === 'uploading') return moved({ kind: 'uploading', asset: behind })
      return state.kind === 'waiting' ? moved({ ...state, work: { step: 'parts', asset: behind } }) : notApplicable
    }
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
      if (state.kind !== 'waiting' || awaitsRestart(state)) return notApplicable
      if (state.until !== null && context.now < state.until) return notApplicable
      return moved(resume(state.work))
    case 'booted':
      if (state.kind !== 'waiting' || !awaitsRestart(state) || state.sinceBootId === event.bootId) return notApplicable
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
      if (work === null || !isUnderWay(state) || awaitsRestart(state)) return notApplicable
      return moved({ kind: 'waiting', reason: 'sourceRemoved', until: null, sinceBootId: null, work }, 'abortSending')
    }
    case 'sourceFound':
      if (state.kind !== 'cleared' || state.reason !== 'sourceDeleted') return notApplicable
      return moved(asBefore(state), 'renewCreateKey')
    case 'grewAgain': {
      if (state.kind !== 'held' && !isUnderWay(state)) return notApplicable
      const work = workOf(state)
      if (work?.step !== 'register') return notApplicable
      // Another size is another create: under the old key a destination would answer with the asset of the old size.
      return moved({ kind: 'growing' }, ...partsOf(work.registration), 'renewCreateKey')
    }
    case 'heldBack':
      if (state.kind === 'waiting' && state.work.step === 'register')
        return moved({ kind: 'held', reason: event.reason, work: state.work })
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
      return moved(asBefore(state), 'renewCreateKey')
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

/** What was cleared goes on as it was: nobody has released what was held. */
const asBefore = ({ heldFor }: Extract<UploadState, { kind: 'cleared' }>): UploadState =>
  heldFor === null
    ? { kind: 'queued', registration: freshRegistration }
    : { kind: 'held', reason: heldFor, work: freshWork }
