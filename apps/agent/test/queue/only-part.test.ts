import { expect, test } from 'vitest'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { holdUploads } from '../../src/queue/decisions.ts'
import { loseAuthorization, requireIdentity } from '../../src/queue/links.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart, recordPartFailure, returnPart } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { smallFileMaxBytes } from '../../src/queue/small-file.ts'
import { addClip, startOfTime, testQueue } from './test-queue.ts'

/** The asset of the next clip is made and its parts are stored while a sender waits for one; `between` happens while it is made. */
function recorded(queue: Queue, partCount: number, between: () => void = () => undefined) {
  const claim = claimRegistration(queue, 10)
  if (claim === null) throw new Error('there is one to register')
  between()
  const parts = Array.from({ length: partCount }, (_, index) => ({
    ...{ number: index + 1, offset: index, sizeBytes: 1, url: `http://x/${index + 1}` },
  }))
  return recordCreated(queue, claim, { assetId: 'asset-1', urlsIssuedAt: startOfTime, parts }, true)
}

test('the part of a small file is claimed with its address, as if it had been looked for, and once', () => {
  const { queue } = testQueue()
  addClip(queue, 1)
  const { applied, part: next } = recorded(queue, 1)
  expect(applied.kind).toBe('moved')
  expect(next).toMatchObject({
    ...{ assetId: 'asset-1', urlsIssuedAt: startOfTime, phase: null, isResent: false, canBeAskedFor: true },
    ...{ number: 1, offset: 0, sizeBytes: 1, url: 'http://x/1', attempts: 1 },
  })
  expect(claimPart(queue)).toBeNull()
  if (next === null) return
  returnPart(queue, next)
  const looked = claimPart(queue)
  expect({ ...looked, lease: null, upload: looked?.upload.id }).toEqual({
    ...next,
    lease: null,
    upload: next.upload.id,
  })
  if (looked === null) return
  expect(acknowledgePart(queue, next, '0123456789abcdef', false).kind).toBe('stale')
  expect(acknowledgePart(queue, looked, '0123456789abcdef', false).kind).toBe('acknowledged')
  expect(findUpload(queue, next.upload.id)?.state.kind).toBe('uploaded')
})

test.for<[string, (queue: Queue) => void]>([
  ['uploads are on hold', (queue) => holdUploads(queue, 'operator')],
  ['the fence is closed', (queue) => requireIdentity(queue)],
  ['the authorization is lost', (queue) => loseAuthorization(queue, 'refresh-1')],
  ['the disk is full', (queue) => queue.noticeDiskFull()],
  [
    'as many are on their way as may be',
    (queue) => {
      queue.partLimits = { small: 0, large: 1, all: 1 }
    },
  ],
])('no part is claimed with its address while %s', ([, between]) => {
  const { queue } = testQueue()
  addClip(queue, 1)
  const { applied, part: next } = recorded(queue, 1, () => between(queue))
  expect(applied.kind).toBe('moved')
  expect(next).toBeNull()
})

test.for([
  ['has several parts', 3, 3],
  ['is large', smallFileMaxBytes + 1, 1],
] as const)('the parts of a clip that %s are found in their turn', ([, sizeBytes, partCount]) => {
  const { queue } = testQueue()
  addClip(queue, sizeBytes)
  expect(recorded(queue, partCount).part).toBeNull()
  expect(claimPart(queue)?.number).toBe(1)
})

test('the part of a file that was renamed while its asset was made is found in its turn, at its new place', () => {
  const { queue } = testQueue()
  addClip(queue, 1)
  const { part } = recorded(queue, 1, () => queue.sql("UPDATE files SET path = '/card/renamed.mov'").run())
  expect(part).toBeNull()
  expect(claimPart(queue)?.upload.source.path).toBe('/card/renamed.mov')
})

test('a part of an asset whose addresses expired, which arrives while another asset is made, does not count for that one', () => {
  const { queue } = testQueue()
  addClip(queue, 3)
  recorded(queue, 3)
  const [late, expired] = [claimPart(queue), claimPart(queue)]
  if (late === null || expired === null) throw new Error('two parts are on their way')
  const error = { class: 'destination', code: 'URL_EXPIRED', message: 'too old' } as const
  recordPartFailure(queue, expired, { kind: 'startOver', reason: 'urlExpired' }, error)
  const claim = claimRegistration(queue, 10)
  if (claim === null) throw new Error('it is registered anew')
  expect(acknowledgePart(queue, late, '0123456789abcdef', false).kind).toBe('acknowledged')
  const parts = [{ number: 1, offset: 0, sizeBytes: 3, url: 'http://x/1' }]
  recordCreated(queue, claim, { assetId: 'asset-2', urlsIssuedAt: startOfTime, parts })
  const { state, bytesAcknowledged } = findUpload(queue, claim.upload.id) ?? {}
  expect({ state, bytesAcknowledged }).toMatchObject({
    ...{ state: { kind: 'uploading', asset: { assetId: 'asset-2', partsDone: 0 } }, bytesAcknowledged: 0 },
  })
})
