import { takeLease, type UploadEvent } from '@rushes/upload-core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyUploadEvent, findUpload } from '../../src/queue/apply-upload-event.ts'
import { addClip, startOfTime, testQueue } from './test-queue.ts'

const error = { class: 'destination', code: 'E', message: 'because' } as const
const lease = takeLease(1, 0)
const asset = { assetId: 'asset-1', partsTotal: 3, urlsIssuedAt: startOfTime }
const failure = { token: 1, uncertain: true, error } as const
const later = startOfTime + 1_000

/** Of every kind of event at least one. */
const events: UploadEvent[] = [
  { kind: 'claimed', lease },
  { kind: 'claimed', lease },
  { kind: 'created', token: 1, ...asset },
  { kind: 'created', token: 1, ...asset },
  {
    ...{ kind: 'createFailed', ...failure },
    consequence: { kind: 'tryAgain', at: later, reason: 'backoff', counted: true, deprioritised: true },
  },
  { kind: 'createFailed', ...failure, consequence: { kind: 'fail', reason: 'rejectedByDestination' } },
  { kind: 'claimReturned', token: 1, uncertain: false },
  { kind: 'partAcknowledged' },
  { kind: 'partAcknowledged' },
  { kind: 'partAcknowledged' },
  { kind: 'partsStalled', reason: 'backoff', until: later, deprioritised: false },
  { kind: 'partsStalled', reason: 'offline', until: null, deprioritised: true },
  { kind: 'partsDeprioritised' },
  { kind: 'partsExhausted', bootId: 'boot-1', error },
  { kind: 'assetLost', reason: 'uploadLostByDestination', error },
  { kind: 'assetLost', reason: 'urlExpired', error },
  { kind: 'failed', reason: 'sourceChanged', error },
  { kind: 'waitEnded' },
  { kind: 'booted', bootId: 'boot-2' },
  { kind: 'custodyOwed' },
  { kind: 'custodyAnswered', answer: 'verified' },
  { kind: 'custodyAnswered', answer: 'mismatch' },
  { kind: 'custodyAbandoned' },
  { kind: 'sourceRemoved' },
  { kind: 'sourceFound' },
  { kind: 'grewAgain' },
  { kind: 'rested', hold: null },
  { kind: 'heldBack', reason: 'heldByOperator' },
  { kind: 'released' },
  { kind: 'restored' },
  { kind: 'retried' },
  { kind: 'reset' },
  { kind: 'cancelled', reason: 'cancelledByOperator' },
  { kind: 'cleared', reason: 'sourceDeleted' },
]

test('what an event is said to have made of an upload is what is stored of it', () => {
  const { queue, clock } = testQueue()
  const follow = (steps: readonly UploadEvent[]) => {
    const { id } = addClip(queue, 3_000)
    for (const event of steps) {
      clock.now += 1_000
      const change = event.kind === 'partAcknowledged' ? { acknowledgedBytes: 1_000, error: null } : {}
      const applied = applyUploadEvent(queue, id, event, change)
      if (applied.kind === 'moved') expect(applied.upload).toEqual(findUpload(queue, id))
    }
  }
  const anySteps = fc.array(fc.constantFrom(...events), { maxLength: 40 })
  fc.assert(
    fc.property(anySteps, (steps) => queue.transact(() => follow(steps))),
    { numRuns: 300 },
  )
})
