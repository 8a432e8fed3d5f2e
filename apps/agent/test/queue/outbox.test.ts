import { expect, test } from 'vitest'
import { applyUploadEvent } from '../../src/queue/apply-upload-event.ts'
import { holdUploads } from '../../src/queue/decisions.ts'
import { readOutboxId } from '../../src/queue/links.ts'
import { takeIdentity } from '../../src/queue/move-project.ts'
import { boundOutbox, forgetEvents, newestSeq, readEvents } from '../../src/queue/outbox.ts'
import { hashText } from '../../src/xxh64.ts'
import { addClip, identity, testQueue } from './test-queue.ts'
import { cancel, states } from './told-events.ts'

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
  cancel(queue, first.id)
  holdUploads(queue, 'operator')
  const events = readEvents(queue, 0, 100)
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
  expect(states(events)).toEqual(['queued', 'queued', 'cancelled', 'holdChanged'])
})

test('an upload that changes again before anybody was told takes the place of its older report', () => {
  const { queue } = testQueue()
  const { id } = addClip(queue)
  addClip(queue)
  cancel(queue, id)
  expect(
    readEvents(queue, 0, 100).map(({ seq, body }) => [seq, body.kind === 'uploadChanged' && body.upload.state]),
  ).toEqual([
    [1, 'cancelled'],
    [2, 'queued'],
  ])
})

test('what was handed out and not stored is read again as it was, and what changed since has a number of its own, also after a restart', () => {
  const { queue, reopen } = testQueue()
  const { id } = addClip(queue)
  const first = readEvents(queue, 0, 100)
  cancel(queue, id)
  expect(readEvents(queue, 0, 1)).toEqual(first)
  const again = reopen()
  expect(readEvents(again, 0, 1)).toEqual(first)
  applyUploadEvent(again, id, { kind: 'retried' })
  expect(readEvents(again, 0, 100).map(({ seq }) => seq)).toEqual([1, 2])
  expect(states(readEvents(again, 0, 100))).toEqual(['queued', 'queued'])
  cancel(again, id)
  expect(states(readEvents(again, 0, 100))).toEqual(['queued', 'queued', 'cancelled'])
})

test('a fact comes after what it changed of uploads in the same transaction', () => {
  const { queue } = testQueue()
  addClip(queue)
  readEvents(queue, 0, 100)
  takeIdentity(queue, identity('project-b', { projectEpoch: 2 }), hashText)
  expect(states(readEvents(queue, 1, 100))).toEqual(['cleared', 'projectChanged'])
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
  const { id } = addClip(queue)
  for (let clip = 1; clip < 5; clip++) addClip(queue)
  expect(boundOutbox(queue, 6)).toBe(false)
  expect(boundOutbox(queue, 5)).toBe(true)
  expect(readOutboxId(queue)).not.toBe(before)
  expect(readEvents(queue, 0, 100).map(({ seq, body }) => [seq, body.kind])).toEqual([[1, 'holdChanged']])
  cancel(queue, id)
  expect(states(readEvents(queue, 1, 100))).toEqual(['cancelled'])
})
