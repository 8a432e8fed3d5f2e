import { expect, test } from 'vitest'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { holdUploads } from '../../src/queue/decisions.ts'
import { loseAuthorization, requireIdentity } from '../../src/queue/links.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart, returnPart } from '../../src/queue/part-claims.ts'
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
  const { applied, next } = recorded(queue, 1)
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
      queue.partLimits = { small: 0, large: 1 }
    },
  ],
])('no part is claimed with its address while %s', ([, between]) => {
  const { queue } = testQueue()
  addClip(queue, 1)
  const { applied, next } = recorded(queue, 1, () => between(queue))
  expect(applied.kind).toBe('moved')
  expect(next).toBeNull()
})

test.for([
  ['has several parts', 3, 3],
  ['is large', smallFileMaxBytes + 1, 1],
] as const)('the parts of a clip that %s are found in their turn', ([, sizeBytes, partCount]) => {
  const { queue } = testQueue()
  addClip(queue, sizeBytes)
  expect(recorded(queue, partCount).next).toBeNull()
  expect(claimPart(queue)?.number).toBe(1)
})
