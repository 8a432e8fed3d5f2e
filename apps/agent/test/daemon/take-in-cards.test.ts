import { pino } from 'pino'
import { expect, test } from 'vitest'
import { takeInFiles } from '../../src/daemon/take-in-files.ts'
import { claimPart } from '../../src/queue/part-claims.ts'
import { uploadsInOrder } from '../../src/queue/queue-reports.ts'
import { testQueue } from '../queue/test-queue.ts'
import { growing, minute, sendHalf, settled, takenIn } from './taken-in-file.ts'

test('a clip of another card under the path of one whose card is out has an upload of its own', () => {
  const { queue, listener, id, state } = takenIn()
  sendHalf(queue)
  listener.onGone({ ...settled({}), volumeId: 'volume-1', volumePresent: false })
  listener.onSettled(settled({ volumeId: 'volume-2', modifiedAt: 2 * minute, sizeBytes: 7_000 }))
  const uploads = uploadsInOrder(queue, 0, 10)
  expect(uploads.map((upload) => [upload.state.kind, upload.source.volumeId, upload.sizeBytes])).toEqual([
    ['waiting', 'volume-1', 2_000],
    ['queued', 'volume-2', 7_000],
  ])
  listener.onVolumes([{ id: 'volume-1', label: '', path: '/card', sizeBytes: null, freeBytes: null, present: true }])
  expect(state()).toMatchObject({ id, state: { kind: 'uploading' }, bytesAcknowledged: 1_000 })
})

test('a file whose volume goes by another name is still the same upload', () => {
  const { queue, listener, state } = takenIn()
  sendHalf(queue)
  listener.onSettled(settled({ volumeId: 'uuid:1' }))
  expect(uploadsInOrder(queue, 0, 10)).toHaveLength(1)
  expect(state()).toMatchObject({ state: { kind: 'uploading' }, source: { volumeId: 'uuid:1' } })
})

test('another take of the same name, size and time is never joined with what was sent of the first, on a card that makes inodes up', () => {
  const { queue, listener, id, state } = takenIn({ inodeIsStable: false })
  sendHalf(queue)
  listener.onGone({ ...settled({}), volumeId: 'volume-1', volumePresent: false })
  // The camera's clock does not run and it cuts its takes to one size; its card is formatted, and it records once more.
  listener.onSettled(settled({ inodeIsStable: false, ends: 'fedcba9876543210' }))
  expect(state()).toMatchObject({
    ...{ id, state: { kind: 'failed', reason: 'sourceChanged', work: null }, bytesAcknowledged: 0 },
  })
  expect(claimPart(queue)).toBeNull()
})

test('what happens to a clip on one card says nothing of the clip of the same name that waits for another', () => {
  const { queue, listener, state } = takenIn()
  sendHalf(queue)
  listener.onGone({ ...settled({}), volumeId: 'volume-1', volumePresent: false })
  const other = settled({ volumeId: 'volume-2', modifiedAt: 2 * minute, sizeBytes: 7_000 })
  listener.onSettled(other)
  listener.onGone({ ...other, volumeId: 'volume-2', volumePresent: false })
  const waiting = { kind: 'waiting', reason: 'sourceRemoved' }
  const stored = () => uploadsInOrder(queue, 0, 10).map(({ state: { kind } }) => kind)
  expect(stored()).toEqual(['waiting', 'waiting'])
  // The first card is in again, where its clip is written to and then deleted.
  listener.onChanged({ ...settled({}), volumeId: 'volume-1', change: 'written' })
  expect(stored()).toEqual(['failed', 'waiting'])
  listener.onGone({ ...settled({}), volumeId: 'volume-1', volumePresent: true })
  expect(uploadsInOrder(queue, 0, 10).map((upload) => upload.state)).toMatchObject([
    { kind: 'cleared', reason: 'sourceDeleted' },
    waiting,
  ])
  // A third one, of which nothing is known.
  listener.onGone({ ...settled({}), volumeId: 'volume-3', volumePresent: true })
  expect(stored()).toEqual(['cleared', 'waiting'])
  expect(state()?.source.volumeId).toBe('volume-1')
})

test('a card that is back finds its own clip again, though another one with a clip of that name was in meanwhile', () => {
  const { queue } = testQueue()
  const listener = takeInFiles(queue, pino({ level: 'silent' }))
  for (const sizeBytes of [1_000, 1_500]) listener.onGrowing(growing(sizeBytes))
  listener.onGone({ ...settled({}), volumeId: 'volume-1', volumePresent: false })
  listener.onSettled(settled({ volumeId: 'volume-2', inode: '7', sizeBytes: 7_000 }))
  listener.onSettled(settled({}))
  expect(uploadsInOrder(queue, 0, 10).map(({ source, sizeBytes }) => [source.volumeId, sizeBytes])).toEqual([
    ['volume-1', 2_000],
    ['volume-2', 7_000],
  ])
})

test('a clip whose card is pulled before it has come to rest waits for that card, whatever the next one holds, and goes on when it is back', () => {
  const { queue } = testQueue()
  const listener = takeInFiles(queue, pino({ level: 'silent' }))
  for (const sizeBytes of [1_000, 1_500]) listener.onGrowing(growing(sizeBytes))
  const stored = () =>
    uploadsInOrder(queue, 0, 10).map(({ state, source, sizeBytes }) => [
      ...[state.kind, 'reason' in state ? state.reason : null, source.volumeId, sizeBytes],
    ])
  listener.onGone({ ...settled({}), volumeId: 'volume-1', volumePresent: false })
  expect(stored()).toEqual([['waiting', 'sourceRemoved', 'volume-1', 1_500]])
  listener.onSettled(settled({ volumeId: 'volume-2', inode: '7', sizeBytes: 7_000 }))
  const others = ['queued', null, 'volume-2', 7_000]
  expect(stored()).toEqual([['waiting', 'sourceRemoved', 'volume-1', 1_500], others])
})

test('a clip whose card is pulled before it has come to rest is taken as it is when that card is back', () => {
  const { queue } = testQueue()
  const listener = takeInFiles(queue, pino({ level: 'silent' }))
  for (const sizeBytes of [1_000, 1_500]) listener.onGrowing(growing(sizeBytes))
  listener.onGone({ ...settled({}), volumeId: 'volume-1', volumePresent: false })
  listener.onVolumes([{ id: 'volume-1', label: '', path: '/card', sizeBytes: null, freeBytes: null, present: true }])
  listener.onSettled(settled({}))
  expect(uploadsInOrder(queue, 0, 10).map(({ state, sizeBytes }) => [state.kind, sizeBytes])).toEqual([
    ['queued', 2_000],
  ])
})

test('a take of another card with the same name, size and time has an upload of its own', () => {
  const { queue, listener, id, state } = takenIn({ inodeIsStable: false })
  sendHalf(queue)
  listener.onGone({ ...settled({}), volumeId: 'volume-1', volumePresent: false })
  listener.onSettled(settled({ inodeIsStable: false, volumeId: 'volume-2', ends: 'fedcba9876543210' }))
  expect(uploadsInOrder(queue, 0, 10).map(({ source }) => source.volumeId)).toEqual(['volume-1', 'volume-2'])
  expect(state()).toMatchObject({ id, state: { kind: 'waiting', reason: 'sourceRemoved' }, bytesAcknowledged: 1_000 })
})
