import { expect, test } from 'vitest'
import { applyUploadEvent } from '../../src/queue/apply-upload-event.ts'
import { holdUploads } from '../../src/queue/decisions.ts'
import { readOutboxId } from '../../src/queue/links.ts'
import { boundOutbox, forgetEvents, newestSeq, readEvents } from '../../src/queue/outbox.ts'
import { addClip, testQueue } from './test-queue.ts'

test('every change is in the outbox, numbered without gaps, also after a transaction that was rolled back', () => {
  const { queue } = testQueue()
  const first = addClip(queue)
  expect(() =>
    queue.transact(() => {
      addClip(queue)
      throw new Error('no')
    }),
  ).toThrow()
  addClip(queue)
  readEvents(queue, 0, 100)
  applyUploadEvent(queue, first.id, { kind: 'cancelled', reason: 'cancelledOnDevice' })
  holdUploads(queue, 'operator')
  const events = readEvents(queue, 0, 100)
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
  expect(events.map(({ body }) => (body.kind === 'uploadChanged' ? body.upload.state : body.kind))).toEqual([
    'queued',
    'queued',
    'cancelled',
    'holdChanged',
  ])
})

test('an upload that changes again before anybody was told takes the place of its older report', () => {
  const { queue } = testQueue()
  const { id } = addClip(queue)
  addClip(queue)
  applyUploadEvent(queue, id, { kind: 'cancelled', reason: 'cancelledOnDevice' })
  expect(
    readEvents(queue, 0, 100).map(({ seq, body }) => [seq, body.kind === 'uploadChanged' && body.upload.state]),
  ).toEqual([
    [1, 'cancelled'],
    [2, 'queued'],
  ])
})

test('what was handed out is never changed any more, also after a restart', () => {
  const { queue, reopen } = testQueue()
  const { id } = addClip(queue)
  const again = reopen()
  applyUploadEvent(again, id, { kind: 'cancelled', reason: 'cancelledOnDevice' })
  expect(readEvents(again, 0, 100).map(({ body }) => body.kind === 'uploadChanged' && body.upload.state)).toEqual([
    'queued',
    'cancelled',
  ])
})

test('what is stored at the other side is forgotten, and its numbers are not given again', () => {
  const { queue, reopen } = testQueue()
  addClip(queue)
  forgetEvents(queue, newestSeq(queue))
  expect(readEvents(queue, 0, 100)).toEqual([])
  const again = reopen()
  addClip(again)
  expect(readEvents(again, 0, 100).map(({ seq }) => seq)).toEqual([2])
})

test('an outbox that has grown too long is begun anew under another id, and keeps what a snapshot does not tell', () => {
  const { queue } = testQueue()
  const before = readOutboxId(queue)
  holdUploads(queue, 'operator')
  for (let clip = 0; clip < 5; clip++) addClip(queue)
  expect(boundOutbox(queue, 6)).toBe(false)
  expect(boundOutbox(queue, 5)).toBe(true)
  expect(readOutboxId(queue)).not.toBe(before)
  expect(readEvents(queue, 0, 100).map(({ seq, body }) => [seq, body.kind])).toEqual([[1, 'holdChanged']])
})
