import { expect, test } from 'vitest'
import { applyUploadEvent, findUpload } from '../../src/queue/apply-upload-event.ts'
import {
  cancelUploads,
  clearUploads,
  countRestorable,
  releaseHeld,
  resetUploads,
  restoreUploads,
  retryUploads,
  unblockUpload,
} from '../../src/queue/decisions.ts'
import { takeIdentity } from '../../src/queue/move-project.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { readEvents } from '../../src/queue/outbox.ts'
import { claimRegistration, recordCreateFailure } from '../../src/queue/registrations.ts'
import { hashText } from '../../src/xxh64.ts'
import { addClip, identity, startOfTime, testQueue } from './test-queue.ts'

const error = { class: 'destination', code: 'E', message: 'because' } as const

/** A clip that the destination has refused because it was captured in a pause; its id. */
function block(queue: Queue): string {
  addClip(queue)
  const claim = claimRegistration(queue, 10)
  if (claim === null) throw new Error('there is one to register')
  recordCreateFailure(queue, claim, { consequence: { kind: 'block' }, uncertain: false, error })
  return claim.upload.id
}
let epoch = 1
const move = (queue: Queue, projectId: string) =>
  takeIdentity(queue, identity(projectId, { projectEpoch: ++epoch }), hashText)
const stateOf = (queue: Queue, id: string) => findUpload(queue, id)?.state
const notices = (queue: Queue) =>
  readEvents(queue, 0, 100).flatMap(({ body }) => (body.kind === 'notice' ? [`${body.code}: ${body.message}`] : []))

test('a clip that was captured in a pause is offered again with its true time of capture, its reason is kept and told', () => {
  const { queue } = testQueue()
  const id = block(queue)
  const keyBefore = findUpload(queue, id)?.createKey
  expect(unblockUpload(queue, id, 'the client has agreed').ids).toEqual([id])
  const claim = claimRegistration(queue, 10)
  expect(claim?.upload).toMatchObject({ id, capturedAt: startOfTime, error: null })
  expect(claim?.upload.createKey).not.toBe(keyBefore)
  expect(findUpload(queue, id)?.unblocked).toEqual({ reason: 'the client has agreed', at: startOfTime })
  expect(notices(queue)).toEqual([expect.stringMatching(/^unblocked: A\d+\.mov .*: the client has agreed$/)])
})

test('a pause that still covers it blocks it again, and the reason stays known', () => {
  const { queue } = testQueue()
  const id = block(queue)
  unblockUpload(queue, id, 'try it')
  const claim = claimRegistration(queue, 10)
  if (claim === null) throw new Error('it is to be registered')
  recordCreateFailure(queue, claim, { consequence: { kind: 'block' }, uncertain: false, error })
  expect(findUpload(queue, id)).toMatchObject({ state: { kind: 'blocked' }, unblocked: { reason: 'try it' } })
})

test('nothing else than that moves a blocked clip, and it moves no clip that is not blocked', () => {
  const { queue } = testQueue()
  const id = block(queue)
  const other = addClip(queue).id
  for (const touch of [retryUploads, resetUploads, restoreUploads]) {
    touch(queue, [id])
    touch(queue, null)
  }
  releaseHeld(queue, [id])
  cancelUploads(queue, null, 'cancelledByOperator')
  clearUploads(queue, 'clearedByOperator')
  expect(stateOf(queue, id)).toEqual({ kind: 'blocked', reason: 'capturedInPause' })
  expect(unblockUpload(queue, other, 'why not').ids).toEqual([])
  expect(notices(queue)).toEqual([])
})

test('a blocked clip of another project is not offered to this one', () => {
  const { queue } = testQueue()
  const id = block(queue)
  move(queue, 'project-b')
  expect(unblockUpload(queue, id, 'the client has agreed').ids).toEqual([])
  move(queue, 'project-a')
  expect(unblockUpload(queue, id, 'the client has agreed').ids).toEqual([id])
})

test('back in its project, what was cleared by the move is counted and taken back; not before, and never into another project', () => {
  const { queue } = testQueue()
  const ids = [addClip(queue, 1_000).id, addClip(queue, 2_000).id]
  move(queue, 'project-b')
  expect(countRestorable(queue)).toEqual({ count: 0, byteCount: 0, elsewhere: 2 })
  expect(restoreUploads(queue, null).ids).toEqual([])
  expect(restoreUploads(queue, ids).ids).toEqual([])
  const ofB = addClip(queue, 500).id

  move(queue, 'project-a')
  expect(countRestorable(queue)).toEqual({ count: 2, byteCount: 3_000, elsewhere: 1 })
  expect(restoreUploads(queue, null)).toMatchObject({ ids, byteCount: 3_000 })
  expect(restoreUploads(queue, null).ids).toEqual([])
  expect(stateOf(queue, ofB)).toMatchObject({ kind: 'cleared', reason: 'projectChanged' })
  expect([claimRegistration(queue, 10), claimRegistration(queue, 10)].map((claim) => claim?.upload.id).sort()).toEqual(
    [...ids].sort(),
  )
  expect(claimRegistration(queue, 10)).toBeNull()
})

test('what waited for a person when it was cleared waits for one again, and what was deleted stays so', () => {
  const { queue } = testQueue()
  const held = addClip(queue, 1_000, { entry: { kind: 'held', reason: 'capturedBeforePairing' } }).id
  const deleted = addClip(queue).id
  applyUploadEvent(queue, deleted, { kind: 'cleared', reason: 'sourceDeleted' })
  clearUploads(queue, 'clearedByOperator')
  expect(restoreUploads(queue, null).ids).toEqual([held])
  expect(stateOf(queue, held)).toMatchObject({ kind: 'held', reason: 'capturedBeforePairing' })
  expect(restoreUploads(queue, [deleted]).ids).toEqual([])
})

test('of several uploads of one file in one project only the last is taken back, so that it cannot arrive twice', () => {
  const { queue } = testQueue()
  const first = addClip(queue, 1_000)
  move(queue, 'project-b')
  move(queue, 'project-a')
  const again = addClip(queue, 1_000, { file: { ...first.source, identityKey: 'again', statKey: null } })
  expect(countRestorable(queue).count).toBe(0)
  expect(restoreUploads(queue, [first.id]).ids).toEqual([])
  clearUploads(queue, 'clearedByOperator')
  expect(restoreUploads(queue, null).ids).toEqual([again.id])
})
