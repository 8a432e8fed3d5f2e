import { expect, it } from 'vitest'
import { applyUploadEvent } from '../../src/queue/apply-upload-event.ts'
import { includedSeq, newestSeq, readEvents } from '../../src/queue/outbox.ts'
import { addClip, testQueue } from '../queue/test-queue.ts'

it('a snapshot includes what was handed out, and what changes while it is told comes after it as it is then', () => {
  const { queue } = testQueue()
  const handedOut = addClip(queue)
  readEvents(queue, 0, 10)
  const untold = addClip(queue)
  // A snapshot is begun.
  expect([includedSeq(queue), newestSeq(queue)]).toEqual([1, 2])
  for (const { id } of [handedOut, untold]) {
    applyUploadEvent(queue, id, { kind: 'cancelled', reason: 'cancelledOnDevice' })
  }
  // It has ended.
  expect(
    readEvents(queue, 0, 10).map(({ seq, body }) => [seq, body.kind === 'uploadChanged' ? body.upload : null]),
  ).toMatchObject([
    [1, { id: handedOut.id, state: 'queued' }],
    [2, { id: untold.id, state: 'cancelled' }],
    [3, { id: handedOut.id, state: 'cancelled' }],
  ])
  expect(includedSeq(queue)).toBe(3)
})
