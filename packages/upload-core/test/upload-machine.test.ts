import { describe, expect, test } from 'vitest'
import {
  type Asset,
  freshRegistration,
  freshWork,
  transitionUpload,
  type UploadEffect,
  type UploadEvent,
  type UploadState,
  type Work,
} from '../src/index.ts'

const now = 1_000_000
const lease = { token: 7, until: 90_000 }
const registration = { ...freshRegistration, attempts: 1, uncertain: true }
const asset: Asset = {
  assetId: 'asset-1',
  urlsIssuedAt: now,
  partsTotal: 3,
  partsDone: 1,
  recreations: 0,
  deprioritised: false,
}
const work: Work = { step: 'parts', asset }
const error = { class: 'agent', code: 'E', message: 'because' } as const

/** One state of each kind. Where what it works on matters, the parts of an asset. */
const states: Record<UploadState['kind'], UploadState> = {
  growing: { kind: 'growing' },
  queued: { kind: 'queued', registration: freshRegistration },
  registering: { kind: 'registering', registration, lease },
  uploading: { kind: 'uploading', asset },
  waiting: { kind: 'waiting', reason: 'backoff', until: now, sinceBootId: null, work },
  held: { kind: 'held', reason: 'capturedBeforePairing', work: freshWork },
  uploaded: { kind: 'uploaded', asset: { ...asset, partsDone: 3 }, custody: 'owed' },
  verified: { kind: 'verified', asset: { ...asset, partsDone: 3 } },
  failed: { kind: 'failed', reason: 'attemptsExhausted', error, work },
  blocked: { kind: 'blocked', reason: 'capturedInPause' },
  cancelled: { kind: 'cancelled', reason: 'cancelledByOperator', work: null },
  cleared: { kind: 'cleared', reason: 'clearedByOperator', heldFor: null },
  refused: { kind: 'refused', reason: 'emptyFile' },
}

/** One event of each kind. */
const events: Record<UploadEvent['kind'], UploadEvent> = {
  rested: { kind: 'rested', hold: null },
  refused: { kind: 'refused', reason: 'unusableName' },
  begun: { kind: 'begun' },
  claimed: { kind: 'claimed', lease },
  created: { kind: 'created', token: 7, assetId: 'asset-1', partsTotal: 3, urlsIssuedAt: now },
  createFailed: {
    kind: 'createFailed',
    token: 7,
    uncertain: false,
    error,
    consequence: { kind: 'tryAgain', reason: 'backoff', at: now + 5, counted: true, deprioritised: false },
  },
  claimReturned: { kind: 'claimReturned', token: 7, uncertain: true },
  claimLost: {
    kind: 'claimLost',
    consequence: { kind: 'tryAgain', reason: 'backoff', at: now, counted: true, deprioritised: false },
  },
  partAcknowledged: { kind: 'partAcknowledged' },
  partsCut: { kind: 'partsCut', partsTotal: 5 },
  takenAnew: { kind: 'takenAnew' },
  contentDiffers: { kind: 'contentDiffers' },
  partsStalled: { kind: 'partsStalled', reason: 'backoff', until: now + 5, deprioritised: false },
  partsDeprioritised: { kind: 'partsDeprioritised' },
  partsExhausted: { kind: 'partsExhausted', bootId: 'boot-1', error },
  assetLost: { kind: 'assetLost', reason: 'uploadLostByDestination', error },
  failed: { kind: 'failed', reason: 'sourceChanged', error },
  waitEnded: { kind: 'waitEnded' },
  booted: { kind: 'booted', bootId: 'boot-2' },
  custodyOwed: { kind: 'custodyOwed' },
  custodyAnswered: { kind: 'custodyAnswered', answer: 'verified' },
  custodyAbandoned: { kind: 'custodyAbandoned' },
  sourceRemoved: { kind: 'sourceRemoved' },
  sourceFound: { kind: 'sourceFound' },
  grewAgain: { kind: 'grewAgain' },
  heldBack: { kind: 'heldBack', reason: 'capturedBeforePairing' },
  released: { kind: 'released' },
  unblocked: { kind: 'unblocked' },
  restored: { kind: 'restored' },
  foundAtDestination: { kind: 'foundAtDestination', assetId: 'asset-9', verified: true },
  retried: { kind: 'retried' },
  reset: { kind: 'reset' },
  cancelled: { kind: 'cancelled', reason: 'cancelledOnDevice' },
  cleared: { kind: 'cleared', reason: 'projectChanged' },
}

/** The kind of the state that follows; `-` where the event means nothing. */
type Outcome = UploadState['kind'] | '-'

const nothing: Record<UploadEvent['kind'], Outcome> = {
  rested: '-', refused: '-', begun: '-', claimed: '-', created: '-', createFailed: '-', claimReturned: '-', claimLost: '-', partAcknowledged: '-',
  partsCut: '-', takenAnew: '-', contentDiffers: '-',
  partsStalled: '-', partsDeprioritised: '-', partsExhausted: '-', assetLost: '-', failed: '-', waitEnded: '-', booted: '-', custodyOwed: '-',
  custodyAnswered: '-', custodyAbandoned: '-', sourceRemoved: '-', sourceFound: '-', grewAgain: '-', heldBack: '-', released: '-', unblocked: '-', restored: '-', foundAtDestination: '-',
  retried: '-', reset: '-', cancelled: '-', cleared: '-',
} // biome-ignore format: a row of words

/** Every cell, so that a new state or event does not compile before it is decided. */
const table: Record<UploadState['kind'], Record<UploadEvent['kind'], Outcome>> = {
  growing: { ...nothing, rested: 'queued', begun: 'queued', refused: 'refused', sourceRemoved: 'waiting', cancelled: 'cancelled', cleared: 'cleared' },
  queued: {
    ...nothing, refused: 'refused', claimed: 'registering', failed: 'failed', sourceRemoved: 'waiting', grewAgain: 'growing',
    takenAnew: 'growing', heldBack: 'held', cancelled: 'cancelled', cleared: 'cleared',
  },
  registering: {
    ...nothing, refused: 'refused', created: 'uploading', createFailed: 'waiting', claimReturned: 'queued', claimLost: 'waiting',
    failed: 'failed', sourceRemoved: 'waiting', grewAgain: 'growing', takenAnew: 'growing', cancelled: 'cancelled', cleared: 'cleared',
  },
  uploading: {
    ...nothing, partAcknowledged: 'uploading', partsCut: 'uploading', takenAnew: 'growing', contentDiffers: 'queued', partsStalled: 'waiting', partsDeprioritised: 'uploading', partsExhausted: 'waiting', assetLost: 'queued', failed: 'failed',
    sourceRemoved: 'waiting', retried: 'uploading', cancelled: 'cancelled', cleared: 'cleared',
  },
  waiting: {
    ...nothing, partAcknowledged: 'waiting', takenAnew: 'growing', partsDeprioritised: 'waiting', partsExhausted: 'waiting', assetLost: 'queued', failed: 'failed', waitEnded: 'uploading',
    sourceRemoved: 'waiting', retried: 'uploading', reset: 'queued', cancelled: 'cancelled', cleared: 'cleared',
  },
  held: { ...nothing, grewAgain: 'growing', takenAnew: 'growing', released: 'queued', cancelled: 'cancelled', cleared: 'cleared' },
  uploaded: { ...nothing, custodyAnswered: 'verified', custodyAbandoned: 'uploaded' },
  verified: nothing,
  failed: { ...nothing, partAcknowledged: 'failed', takenAnew: 'failed', failed: 'failed', retried: 'uploading', reset: 'queued', cancelled: 'cancelled', cleared: 'cleared' },
  blocked: { ...nothing, unblocked: 'queued' },
  cancelled: { ...nothing, retried: 'queued', reset: 'queued' },
  cleared: { ...nothing, restored: 'queued' },
  refused: nothing,
} // biome-ignore format: rows of words

const move = (state: UploadState, event: UploadEvent, at = now) => {
  const transition = transitionUpload(state, event, { now: at })
  if (transition.kind === 'ignored') throw new Error(`${event.kind} was ignored in ${state.kind}: ${transition.why}`)
  return transition
}
const kinds = <K extends string>(of: Record<K, unknown>): K[] => Object.keys(of) as K[]

describe('the upload machine', () => {
  const cells = kinds(table).flatMap((state) =>
    kinds(events).map((event) => [state, event, table[state][event]] as const),
  )
  test.for(cells)('%s + %s → %s', ([state, event, outcome]) => {
    const transition = transitionUpload(states[state], events[event], { now })
    expect(transition.kind === 'moved' ? transition.state.kind : '-').toBe(outcome)
  })

  describe('whose addresses ran out', () => {
    const expired: UploadEvent = { kind: 'assetLost', reason: 'urlExpired', error }
    const renewing = move(states.uploading, expired).state
    const registering = move(renewing, events.claimed).state

    test('is registered again under its key and keeps its parts', () => {
      const { state, effects } = move(states.uploading, expired)
      expect(state).toEqual({ kind: 'queued', registration: { ...freshRegistration, expired: asset } })
      expect(effects).toEqual<UploadEffect[]>(['abortSending'])
    })
    test('goes on where it was when the destination answers with the same asset', () => {
      const { state, effects } = move(registering, { ...events.created, urlsIssuedAt: now + 5 } as UploadEvent)
      expect(state).toEqual({ kind: 'uploading', asset: { ...asset, urlsIssuedAt: now + 5 } })
      expect(effects).toEqual([])
    })
    test.for([
      ['another asset', { assetId: 'asset-2' }],
      ['another number of parts', { partsTotal: 4 }],
    ] as const)('begins anew when the destination answers with %s', ([, other]) => {
      const { state, effects } = move(registering, { ...events.created, ...other } as UploadEvent)
      expect(state).toMatchObject({ kind: 'uploading', asset: { partsDone: 0 } })
      expect(effects).toEqual<UploadEffect[]>(['dropParts'])
    })
    test('counts a part whose reply comes only now, and is uploaded when it was the last', () => {
      const one = move(renewing, events.partAcknowledged).state
      expect(one).toMatchObject({ kind: 'queued', registration: { expired: { partsDone: 2 } } })
      expect(move(one, events.partAcknowledged).state).toMatchObject({ kind: 'uploaded', asset: { partsDone: 3 } })
      expect(move(registering, events.partAcknowledged).state.kind).toBe('registering')
      const held = move(registering, events.sourceRemoved).state
      expect(move(held, events.partAcknowledged).state).toMatchObject({
        work: { registration: { expired: { partsDone: 2 } } },
      })
    })
    test('forgets its parts when its file has changed, is gone, or may not be uploaded', () => {
      expect(move(renewing, events.grewAgain).effects).toEqual<UploadEffect[]>(['dropParts', 'renewCreateKey'])
      expect(move(renewing, events.refused).effects).toEqual<UploadEffect[]>(['dropParts'])
      for (const consequence of [
        { kind: 'block' },
        { kind: 'clear' },
        { kind: 'fail', reason: 'rejectedByDestination' },
      ] as const)
        expect(move(registering, { ...events.createFailed, consequence } as UploadEvent).effects).toEqual(['dropParts'])
    })
    test('keeps its asset through a failed create, a cancel and a retry', () => {
      for (const event of [events.createFailed, events.claimReturned, events.cancelled]) {
        const after = move(registering, event).state
        const again = after.kind === 'queued' ? after : move(after, events.retried).state
        expect(again).toMatchObject({ kind: 'queued', registration: { expired: asset } })
      }
    })
    test('is not lost a second time by a part that reports late', () => {
      expect(transitionUpload(registering, expired, { now }).kind).toBe('ignored')
      expect(transitionUpload(registering, events.partsExhausted, { now }).kind).toBe('ignored')
    })
  })

  test('counts an attempt at the claim and marks it as uncertain before anything is sent', () => {
    expect(move(states.queued, events.claimed).state).toMatchObject({ registration: { attempts: 1, uncertain: true } })
  })

  test('takes the attempt back when nothing was tried, and keeps the doubt', () => {
    expect(move(states.registering, events.claimReturned).state).toEqual({
      kind: 'queued',
      registration: { ...registration, attempts: 0 },
    })
  })

  test('ignores the result of a claim that was lost', () => {
    const late: UploadEvent = { kind: 'created', token: 6, assetId: 'asset-9', partsTotal: 1, urlsIssuedAt: now }
    expect(transitionUpload(states.registering, late, { now })).toEqual({ kind: 'ignored', why: 'staleLease' })
  })

  test('is uploaded with the last part, also when it was made to wait meanwhile', () => {
    const last = { ...asset, partsDone: 2 }
    expect(move({ kind: 'uploading', asset: last }, events.partAcknowledged).state).toMatchObject({
      kind: 'uploaded',
      custody: 'none',
    })
    const waiting: UploadState = {
      kind: 'waiting',
      reason: 'offline',
      until: null,
      sinceBootId: null,
      work: { step: 'parts', asset: last },
    }
    expect(move(waiting, events.partAcknowledged).state.kind).toBe('uploaded')
  })

  test('goes on after a wait only when its time has come, and after the last try only with another boot', () => {
    const waiting: UploadState = { kind: 'waiting', reason: 'backoff', until: now + 1, sinceBootId: null, work }
    expect(transitionUpload(waiting, events.waitEnded, { now }).kind).toBe('ignored')
    expect(move(waiting, events.waitEnded, now + 1).state).toEqual({ kind: 'uploading', asset })
    const exhausted = move(states.uploading, events.partsExhausted).state
    expect(exhausted).toMatchObject({
      kind: 'waiting',
      reason: 'awaitingRestart',
      sinceBootId: 'boot-1',
      work: { asset: { deprioritised: true } },
    })
    expect(transitionUpload(exhausted, { kind: 'booted', bootId: 'boot-1' }, { now }).kind).toBe('ignored')
    expect(transitionUpload(exhausted, events.waitEnded, { now }).kind).toBe('ignored')
    // A card that is pulled and put back, or a sibling part whose asset is gone, makes it no other boot.
    for (const event of [events.sourceRemoved, events.assetLost])
      expect(transitionUpload(exhausted, event, { now }).kind).toBe('ignored')
    expect(move(exhausted, events.booted).state.kind).toBe('uploading')
  })

  test('makes a new asset with a new key when the first is lost, and fails when the second is lost too', () => {
    const again = move(states.uploading, events.assetLost)
    expect(again.effects).toEqual<UploadEffect[]>(['abortSending', 'dropParts', 'renewCreateKey'])
    expect(again.state).toMatchObject({ kind: 'queued', registration: { attempts: 0, recreations: 1 } })
    const second: UploadState = { kind: 'uploading', asset: { ...asset, recreations: 1 } }
    expect(move(second, events.assetLost).state).toMatchObject({ kind: 'failed', reason: 'uploadLostByDestination' })
    expect(move(second, { kind: 'assetLost', reason: 'urlExpired', error }).state.kind).toBe('queued')
  })

  test('keeps the doubt and the key through a retry, so that fresh tries do not become a second asset', () => {
    const waiting: UploadState = {
      kind: 'waiting',
      reason: 'createUncertain',
      until: now,
      sinceBootId: null,
      work: { step: 'register', registration },
    }
    const retried = move(waiting, events.retried)
    expect(retried.state).toEqual({ kind: 'queued', registration: { ...registration, attempts: 0 } })
    expect(retried.effects).not.toContain('renewCreateKey')
  })

  test('keeps the parts of an upload that used up its tries, and drops those of one whose file changed', () => {
    expect(move(states.uploading, { kind: 'failed', reason: 'readError', error })).toMatchObject({
      state: { work },
      effects: ['abortSending'],
    })
    const changed = move(states.uploading, events.failed)
    expect(changed).toMatchObject({ state: { work: null }, effects: ['abortSending', 'dropParts'] })
    expect(move(changed.state, events.retried).effects).toContain('adoptSource')
  })

  test('forgets what a cancelled or failed upload had kept when another take lies where its file was', () => {
    const cancelled = move(states.uploading, events.cancelled).state
    for (const state of [cancelled, states.failed]) {
      const anew = move(state, events.takenAnew)
      expect(anew).toEqual({ kind: 'moved', state: { ...state, work: null }, effects: ['abortSending', 'dropParts'] })
      expect(move(anew.state, events.retried).effects).toEqual(['dropParts', 'renewCreateKey', 'adoptSource'])
      expect(transitionUpload(anew.state, events.takenAnew, { now }).kind).toBe('ignored')
    }
  })

  test('forgets what an upload that failed had kept when its file turns out to be another one', () => {
    const other = move(states.failed, events.failed)
    expect(other).toMatchObject({
      state: { reason: 'sourceChanged', work: null },
      effects: ['abortSending', 'dropParts'],
    })
    expect(transitionUpload(other.state, events.failed, { now }).kind).toBe('ignored')
    expect(transitionUpload(states.failed, { kind: 'failed', reason: 'readError', error }, { now }).kind).toBe(
      'ignored',
    )
  })

  test('stops what is being sent at once when it is cleared or cancelled', () => {
    expect(move(states.uploading, events.cleared).effects).toEqual(['abortSending', 'dropParts'])
    expect(move(states.waiting, events.cancelled).effects).toEqual(['abortSending'])
  })

  test('goes on with the same asset when what was cancelled is retried', () => {
    const cancelled = move(states.uploading, events.cancelled).state
    expect(cancelled).toMatchObject({ kind: 'cancelled', work })
    expect(move(cancelled, events.retried)).toEqual({
      kind: 'moved',
      state: { kind: 'uploading', asset },
      effects: ['refreshPartTries'],
    })
    expect(transitionUpload(cancelled, events.grewAgain, { now }).kind).toBe('ignored')
    expect(transitionUpload(cancelled, events.assetLost, { now }).kind).toBe('ignored')
  })

  test('ends the waits of its parts when it is retried while some of them move', () => {
    const { uploading } = states
    expect(move(uploading, events.retried)).toEqual({ kind: 'moved', state: uploading, effects: ['refreshPartTries'] })
  })

  test('goes behind the others when a part of it has used up its tries for now, until it is retried', () => {
    const behind = { ...asset, deprioritised: true }
    const moving = move(states.uploading, events.partsDeprioritised)
    expect(moving).toEqual({ kind: 'moved', state: { kind: 'uploading', asset: behind }, effects: [] })
    expect(move(states.waiting, events.partsDeprioritised).state).toMatchObject({
      reason: 'backoff',
      work: { asset: behind },
    })
    expect(transitionUpload(moving.state, events.partsDeprioritised, { now }).kind).toBe('ignored')
    expect(move(moving.state, events.retried).state).toEqual(states.uploading)
  })

  test('is held back before it has an asset, also while it waits', () => {
    const before: UploadState = {
      kind: 'waiting',
      reason: 'sourceRemoved',
      until: null,
      sinceBootId: null,
      work: freshWork,
    }
    expect(move(before, events.heldBack).state).toEqual({
      kind: 'held',
      reason: 'capturedBeforePairing',
      work: freshWork,
    })
  })

  test('takes another key for a file that grew again, since its size is another', () => {
    expect(move(states.queued, events.grewAgain).effects).toEqual(['renewCreateKey'])
  })

  test('a paused channel blocks until a person says why it is to be tried again', () => {
    const blocked = move(states.registering, {
      kind: 'createFailed',
      token: 7,
      uncertain: false,
      error,
      consequence: { kind: 'block' },
    }).state
    expect(blocked).toEqual({ kind: 'blocked', reason: 'capturedInPause' })
    const leftBy = kinds(events).filter((event) => transitionUpload(blocked, events[event], { now }).kind === 'moved')
    expect(leftBy).toEqual(['unblocked'])
    expect(move(blocked, events.unblocked)).toEqual({
      kind: 'moved',
      state: { kind: 'queued', registration: freshRegistration },
      effects: ['renewCreateKey'],
    })
  })

  test('what was cleared goes on as it was: held for its reason, else queued with a create of its own', () => {
    const cleared = (state: UploadState) => move(state, events.cleared).state
    expect(move(cleared(states.uploading), events.restored)).toEqual({
      kind: 'moved',
      state: { kind: 'queued', registration: freshRegistration },
      effects: ['renewCreateKey'],
    })
    expect(move(cleared(states.held), events.restored).state).toEqual(states.held)
  })

  test('a clip whose file was deleted comes back with its file, and not by anybody who restores it', () => {
    const deleted: UploadState = { kind: 'cleared', reason: 'sourceDeleted', heldFor: null }
    expect(transitionUpload(deleted, events.restored, { now }).kind).toBe('ignored')
    expect(move(deleted, events.sourceFound).state.kind).toBe('queued')
    const held = { ...deleted, heldFor: 'capturedBeforePairing' } as const
    expect(move(held, events.sourceFound).state).toEqual(states.held)
  })

  test.for([
    ['sizeChecked', { kind: 'uploaded', custody: 'none' }],
    ['mismatch', { kind: 'failed', reason: 'digestMismatch' }],
    ['lost', { kind: 'failed', reason: 'uploadLostByDestination', error: { code: 'ASSET_LOST' } }],
    ['incomplete', { kind: 'failed', reason: 'uploadLostByDestination', error: { code: 'PARTS_LOST' }, work: null }],
  ] as const)('custody answered %s', ([answer, expected]) => {
    expect(move(states.uploaded, { kind: 'custodyAnswered', answer }).state).toMatchObject(expected)
  })
})

describe('a clip whose queue was lost', () => {
  const held: UploadState = { kind: 'held', reason: 'queueRebuilt', work: freshWork }
  const found = (verified: boolean): UploadEvent => ({ kind: 'foundAtDestination', assetId: 'asset-9', verified })

  test('is settled when the destination has it whole: verified only where the destination says so', () => {
    expect(move(held, found(true)).state).toMatchObject({ kind: 'verified', asset: { assetId: 'asset-9' } })
    expect(move(held, found(false)).state).toMatchObject({ kind: 'uploaded', custody: 'none' })
  })

  test('is not settled where it is held for another reason', () => {
    expect(transitionUpload({ ...held, reason: 'manualFolder' }, found(true), { now }).kind).toBe('ignored')
  })
})
