import type { UploadEffect } from './upload-event.ts'
import type { Asset, HeldReason, Registration, UploadState, Work } from './upload-state.ts'

/** Something is still to be sent of it. */
export function isOpen(state: UploadState): boolean {
  return state.kind === 'growing' || state.kind === 'held' || isUnderWay(state)
}

/** Its work may be taken up, by itself or once what it waits for has passed. */
export function isUnderWay(state: UploadState): boolean {
  return (
    state.kind === 'queued' || state.kind === 'registering' || state.kind === 'uploading' || state.kind === 'waiting'
  )
}

/** All tries but the last are used up, and that comes after the next boot: whatever becomes of its file or its asset until then, it comes no sooner. */
export const awaitsRestart = (state: UploadState): boolean =>
  state.kind === 'waiting' && state.reason === 'awaitingRestart'

/** What it goes on with; null where there is nothing to go on with. */
export function workOf(state: UploadState): Work | null {
  if (state.kind === 'queued' || state.kind === 'registering')
    return { step: 'register', registration: state.registration }
  if (state.kind === 'uploading') return { step: 'parts', asset: state.asset }
  if (state.kind === 'waiting' || state.kind === 'held' || state.kind === 'failed' || state.kind === 'cancelled')
    return state.work
  return null
}

export const holdOf = (state: UploadState): HeldReason | null => (state.kind === 'held' ? state.reason : null)

export function assetOf(state: UploadState): Asset | null {
  const work = workOf(state)
  return work?.step === 'parts' ? work.asset : null
}

export const resume = (work: Work): UploadState =>
  work.step === 'register'
    ? { kind: 'queued', registration: work.registration }
    : { kind: 'uploading', asset: work.asset }

/** Only an upload whose addresses ran out has parts before it is registered again. */
export const partsOf = ({ expired }: Registration): UploadEffect[] => (expired === null ? [] : ['dropParts'])
