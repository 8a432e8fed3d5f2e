import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { readFolderSums } from '../../src/daemon/folder-sums.ts'
import { factsOf, takeInFiles } from '../../src/daemon/take-in-files.ts'
import { applyUploadEvent } from '../../src/queue/apply-upload-event.ts'
import { cancelUploads, clearUploads, retryUploads } from '../../src/queue/decisions.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { claimPart } from '../../src/queue/part-claims.ts'
import { uploadsInOrder } from '../../src/queue/queue-reports.ts'
import { adoptSource, claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { uploadReportOf } from '../../src/queue/upload-report.ts'
import { startOfTime, testQueue } from '../queue/test-queue.ts'
import { growing, minute, path, sendHalf, settled, takenIn } from './taken-in-file.ts'

test('of files that are told of in one step all are noted, or none', () => {
  const { queue } = testQueue()
  const listener = takeInFiles(queue, pino({ level: 'silent' }))
  const tellOfTwo = () => {
    listener.onSettled(settled({}))
    listener.onSettled({ ...settled({ inode: '2' }), path: '/card/A002.mov' })
  }
  const failing = () => {
    tellOfTwo()
    throw new Error('the third one is not to be had')
  }
  expect(() => listener.together(failing)).toThrow('not to be had')
  expect(uploadsInOrder(queue, 0, 10)).toEqual([])
  listener.together(tellOfTwo)
  expect(uploadsInOrder(queue, 0, 10)).toHaveLength(2)
})

const error = { class: 'agent', code: 'E', message: 'because' } as const

test('parts of a file that changed after its upload had failed are never joined with those of the new one', () => {
  const { queue, listener, id, state } = takenIn()
  sendHalf(queue)
  applyUploadEvent(queue, id, { kind: 'failed', reason: 'attemptsExhausted', error })
  listener.onSettled(settled({ modifiedAt: 2 * minute }))
  expect(state()).toMatchObject({
    state: { kind: 'failed', reason: 'sourceChanged', work: null },
    bytesAcknowledged: 0,
  })
  retryUploads(queue, [id])
  expect(claimPart(queue)).toBeNull()
  expect(claimRegistration(queue, 10)?.upload.id).toBe(id)
})

test('a file that grew after its upload had failed is registered with its new size by a retry', () => {
  const { queue, listener, id } = takenIn()
  sendHalf(queue)
  applyUploadEvent(queue, id, { kind: 'failed', reason: 'sourceChanged', error })
  listener.onSettled(settled({ modifiedAt: 2 * minute, sizeBytes: 5_000 }))
  retryUploads(queue, [id])
  expect(claimRegistration(queue, 10)?.upload).toMatchObject({ id, sizeBytes: 5_000, source: { sizeBytes: 5_000 } })
})

test('a take that somebody wanted as it is before it had rested goes up when it has, by its own time; one of later on has to be wanted again', () => {
  const { queue, listener, id, state } = takenIn()
  sendHalf(queue)
  applyUploadEvent(queue, id, { kind: 'failed', reason: 'sourceChanged', error })
  retryUploads(queue, [id])
  // The sender meets it before capture tells of it.
  applyUploadEvent(queue, id, { kind: 'failed', reason: 'sourceChanged', error })
  const later = { modifiedAt: 2 * minute, inode: '2', ends: 'fedcba9876543210', capturedAt: startOfTime + minute }
  listener.onSettled(settled(later))
  expect(state()).toMatchObject({ id, state: { kind: 'queued' }, capturedAt: startOfTime + minute, adoptSource: false })
  sendHalf(queue)
  applyUploadEvent(queue, id, { kind: 'failed', reason: 'sourceChanged', error })
  listener.onSettled(settled({ ...later, modifiedAt: 3 * minute }))
  expect(state()?.state).toMatchObject({ kind: 'failed', reason: 'sourceChanged' })
})

test('a take whose retry began before it had rested goes up when it has, and need not be wanted again', () => {
  const { queue, listener, id, state } = takenIn()
  sendHalf(queue)
  applyUploadEvent(queue, id, { kind: 'failed', reason: 'sourceChanged', error })
  retryUploads(queue, [id])
  const now = settled({ modifiedAt: 2 * minute, ends: 'fedcba9876543210' })
  const claim = claimRegistration(queue, 10)
  if (claim === null) throw new Error('there is one to register')
  adoptSource(queue, claim.upload, { ...factsOf(now.identity), identityKey: null, statKey: null })
  const parts = [{ number: 1, offset: 0, sizeBytes: 2_000, url: 'http://x/' }]
  recordCreated(queue, claim, { assetId: 'asset-2', urlsIssuedAt: startOfTime, parts })
  listener.onSettled(now)
  expect(state()).toMatchObject({ state: { kind: 'queued' }, source: { identityKey: now.identity.key }, error: null })
})

test('a queued file that was written to while the agent was down goes up as it is now', () => {
  const { queue, listener, id, state } = takenIn()
  listener.onSettled(settled({ modifiedAt: 2 * minute, sizeBytes: 5_000 }))
  expect(state()).toMatchObject({ id, state: { kind: 'queued' }, sizeBytes: 5_000, source: { sizeBytes: 5_000 } })
  expect(state()?.source.modifiedUs).toBe(2 * minute * 1_000)
  expect(uploadsInOrder(queue, 0, 10)).toHaveLength(1)
})

test('another recording under the name of one that waits has a capture time of its own, so that no pause is dodged', () => {
  const { listener, state } = takenIn()
  listener.onSettled(settled({ inode: '2', modifiedAt: 20 * minute, capturedAt: startOfTime + 10 * minute }))
  expect(state()?.capturedAt).toBe(startOfTime + 10 * minute)
})

test('another recording with the name and the inode of one that waits and was deleted has a capture time of its own', () => {
  const { listener, state } = takenIn()
  const capturedAt = startOfTime + 10 * minute
  listener.onSettled({ ...settled({ modifiedAt: 20 * minute, capturedAt }), birthtime: capturedAt })
  expect(state()?.capturedAt).toBe(capturedAt)
})

test('another recording that began, with the name and the inode of one that had not come to rest, has a capture time of its own', () => {
  const began = startOfTime + 10 * minute
  const later = { modifiedAt: 20 * minute, capturedAt: began }
  for (const told of [{ firstGrowthSeenAt: began }, { birthtime: began }]) {
    const { queue } = testQueue()
    const listener = takeInFiles(queue, pino({ level: 'silent' }))
    for (const sizeBytes of [1_000, 1_500]) listener.onGrowing(growing(sizeBytes))
    listener.onSettled({ ...settled(later), ...told })
    expect(uploadsInOrder(queue, 0, 10).map(({ capturedAt }) => capturedAt)).toEqual([began])
  }
})

test('another recording that grows, with the name and the inode of one that had not come to rest, has a capture time of its own', () => {
  const began = startOfTime + 10 * minute
  const later = { sizeBytes: 3_000, since: began }
  for (const told of [{ sawBegin: true }, { since: began + minute, sawBegin: false, bornAt: began }]) {
    const { queue } = testQueue()
    const listener = takeInFiles(queue, pino({ level: 'silent' }))
    for (const sizeBytes of [1_000, 1_500]) listener.onGrowing(growing(sizeBytes))
    listener.onGrowing({ ...growing(2_000), ...later, ...told })
    expect(uploadsInOrder(queue, 0, 10).map(({ capturedAt }) => capturedAt)).toEqual([began])
  }
})

test('another recording under the name of one that failed has a capture time of its own after a retry', () => {
  const { queue, listener, id, state } = takenIn()
  sendHalf(queue)
  applyUploadEvent(queue, id, { kind: 'failed', reason: 'sourceChanged', error })
  listener.onSettled(settled({ inode: '2', modifiedAt: 20 * minute, capturedAt: startOfTime + 10 * minute }))
  retryUploads(queue, [id])
  expect(state()?.capturedAt).toBe(startOfTime + 10 * minute)
})

test.for(['cancelled', 'cleared'] as const)(
  'a clip %s while it is recorded stays so when the recording ends, and a retry takes it whole',
  (verb) => {
    const { queue } = testQueue()
    const listener = takeInFiles(queue, pino({ level: 'silent' }))
    for (const sizeBytes of [1_000, 1_500]) listener.onGrowing(growing(sizeBytes))
    if (verb === 'cancelled') cancelUploads(queue, null, 'cancelledByOperator')
    else clearUploads(queue, 'clearedByOperator')
    listener.onGrowing(growing(1_800))
    listener.onSettled(settled({}))
    const uploads = uploadsInOrder(queue, 0, 10)
    expect(uploads.map(({ state, sizeBytes }) => [state.kind, sizeBytes])).toEqual([[verb, 2_000]])
    expect(claimRegistration(queue, 10)).toBeNull()
  },
)

test('another recording under the name of one that was cancelled while it grew goes up', () => {
  const { queue, clock } = testQueue()
  const listener = takeInFiles(queue, pino({ level: 'silent' }))
  for (const sizeBytes of [1_000, 1_500]) listener.onGrowing(growing(sizeBytes))
  cancelUploads(queue, null, 'cancelledByOperator')
  clock.now += 10 * minute
  listener.onSettled(settled({ inode: '2', capturedAt: startOfTime + 5 * minute }))
  expect(uploadsInOrder(queue, 0, 10).map(({ state }) => state.kind)).toEqual(['cancelled', 'queued'])
})

test.each([50 * 365 * 24 * 60 * minute, -2 * 60 * minute])(
  'a recording began when it was first seen, also when the clock is set by %i ms before it ends',
  (byMs) => {
    const { queue, clock } = testQueue()
    const listener = takeInFiles(queue, pino({ level: 'silent' }))
    for (const sizeBytes of [1_000, 1_500]) listener.onGrowing(growing(sizeBytes))
    clock.now += 10 * minute + byMs
    clock.bootedAt += byMs
    listener.onSettled(settled({ capturedAt: clock.now }))
    const [upload] = uploadsInOrder(queue, 0, 10)
    expect(upload?.state.kind).toBe('queued')
    expect(upload?.capturedInBoot).toEqual({ bootId: 'boot-1', uptimeMs: 60 * minute })
  },
)

describe('a clip that cannot be read at rest', () => {
  const unreadable = (volumeId = 'volume-1') => ({
    ...{ path, relativePath: 'A001.mov', watchFolder: settled({}).watchFolder, sizeBytes: 2_000, volumeId },
    error: { code: 'EIO', message: 'EIO: i/o error, read' },
  })
  const reports = (queue: Queue) => uploadsInOrder(queue, 0, 10).map(uploadReportOf)

  test('is one of its card, with the reason, and goes up when it can be read', () => {
    const { queue } = testQueue()
    const listener = takeInFiles(queue, pino({ level: 'silent' }))
    listener.onUnreadable(unreadable())
    listener.onUnreadable(unreadable())
    expect(reports(queue)).toMatchObject([
      { path, sizeBytes: 2_000, state: 'growing', reason: 'readError', error: { class: 'file', code: 'EIO' } },
    ])
    expect(readFolderSums(queue, [])).toMatchObject([
      { watchFolder: '/card', volumeId: 'volume-1', counts: { growing: 1 } },
    ])
    listener.onSettled(settled({}))
    expect(reports(queue)).toMatchObject([{ state: 'queued', reason: null }])
  })

  test('is no other clip than the one that was sent from there before, but is on another card', () => {
    const { queue, listener, id } = takenIn()
    applyUploadEvent(queue, id, { kind: 'cancelled', reason: 'cancelledOnDevice' })
    listener.onUnreadable(unreadable())
    expect(uploadsInOrder(queue, 0, 10)).toHaveLength(1)
    listener.onUnreadable(unreadable('volume-2'))
    expect(reports(queue).map(({ state }) => state)).toEqual(['cancelled', 'growing'])
  })
})
