import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import type { GrowingFile, SettledFile } from '../../src/capture/capture-port.ts'
import { identityOf } from '../../src/capture/file-identity.ts'
import { readFolderSums } from '../../src/daemon/folder-sums.ts'
import { takeInFiles } from '../../src/daemon/take-in-files.ts'
import { applyUploadEvent, findUpload } from '../../src/queue/apply-upload-event.ts'
import { cancelUploads, clearUploads, retryUploads } from '../../src/queue/decisions.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart } from '../../src/queue/part-claims.ts'
import { uploadsInOrder } from '../../src/queue/queue-reports.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { uploadReportOf } from '../../src/queue/upload-report.ts'
import { pairWith, startOfTime, type TestQueue, testQueue } from '../queue/test-queue.ts'

const path = '/card/A001.mov'
const minute = 60_000

type Look = {
  sizeBytes: number
  modifiedAt: number
  inode: string
  volumeId: string
  capturedAt: number
  ends: string
  inodeIsStable: boolean
}
const before: Look = {
  ...{ sizeBytes: 2_000, modifiedAt: minute, inode: '1', volumeId: 'volume-1', capturedAt: startOfTime },
  ...{ ends: '0123456789abcdef', inodeIsStable: true },
}

function settled(change: Partial<Look>): SettledFile {
  const look = { ...before, ...change }
  const volume = {
    id: look.volumeId,
    label: '',
    mountPoint: '/card',
    keepsInodes: look.inodeIsStable,
    tellsOfChanges: true,
  }
  const mtimeNs = BigInt(look.modifiedAt) * 1_000_000n
  const seen = { sizeBytes: look.sizeBytes, mtimeNs, inode: BigInt(look.inode), device: 1n }
  return {
    path,
    relativePath: 'A001.mov',
    watchFolder: {
      ...{ path: '/card', channel: 0, mode: 'on-close', include: [], exclude: [] },
      ...{ order: 'oldest-first', bytesPerSecond: null },
    },
    identity: identityOf(seen, volume, path, look.ends),
    sizeBytes: look.sizeBytes,
    modifiedAt: look.modifiedAt,
    birthtime: null,
    firstGrowthSeenAt: null,
    embeddedCreationAt: null,
    capturedAt: look.capturedAt,
    isByOwnClock: false,
    mediaType: 'video/quicktime',
  }
}

const growing = (sizeBytes: number): GrowingFile => ({
  ...{
    path,
    relativePath: 'A001.mov',
    watchFolder: settled({}).watchFolder,
    sizeBytes,
    since: startOfTime,
    sawBegin: true,
    bornAt: null,
  },
  ...{ modifiedUs: 1, volumeId: 'volume-1', inode: '1', inodeIsStable: true },
})

function takenIn(change: Partial<Look> = {}) {
  const { queue } = testQueue()
  const listener = takeInFiles(queue, pino({ level: 'silent' }))
  listener.onSettled(settled(change))
  const [upload] = uploadsInOrder(queue, 0, 10)
  if (upload === undefined) throw new Error('the file was taken in')
  return { queue, listener, id: upload.id, state: () => findUpload(queue, upload.id) }
}

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

/** An upload with two parts, the first of which has arrived. */
function sendHalf(queue: Queue): void {
  const claim = claimRegistration(queue, 10)
  if (claim === null) throw new Error('there is one to register')
  const parts = [1, 2].map((number) => ({ number, offset: (number - 1) * 1_000, sizeBytes: 1_000, url: 'http://x/' }))
  recordCreated(queue, claim, { assetId: 'asset-1', urlsIssuedAt: startOfTime, parts })
  const part = claimPart(queue)
  if (part === null) throw new Error('there is a part to send')
  acknowledgePart(queue, part, '0123456789abcdef', false)
}

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

describe('a clip from about the time of the pairing', () => {
  const year = 365 * 24 * 60 * minute
  const pairedAt = startOfTime

  function shownAt(tested: TestQueue, clip: Partial<Look>, firstGrowthSeenAt: number | null = null) {
    takeInFiles(tested.queue, pino({ level: 'silent' })).onSettled({
      ...settled(clip),
      firstGrowthSeenAt,
      isByOwnClock: firstGrowthSeenAt !== null,
    })
    return uploadsInOrder(tested.queue, 0, 10)[0]?.state
  }
  const held = { kind: 'held', reason: 'capturedBeforePairing' }
  const setClock = ({ clock }: TestQueue, byMs: number) => {
    clock.now += byMs
    clock.bootedAt += byMs
  }

  test('that was seen to begin after it goes, though its card keeps times in steps of two seconds', () => {
    const tested = testQueue()
    tested.clock.now += 5_000
    expect(shownAt(tested, { capturedAt: pairedAt - 1_999 }, pairedAt)).toMatchObject({ kind: 'queued' })
  })

  test('of which only such a time is known is held', () => {
    const tested = testQueue()
    tested.clock.now += 5_000
    expect(shownAt(tested, { capturedAt: pairedAt - 1_999 })).toMatchObject(held)
  })

  test.for([year, -50 * year])(
    'is told by the clock that nobody sets when the wall clock is set by %i ms after it',
    (byMs) => {
      const tested = testQueue()
      tested.clock.now += minute
      setClock(tested, byMs)
      tested.clock.now += minute
      const seenAt = tested.clock.now - 1_000
      expect(shownAt(tested, { capturedAt: seenAt }, seenAt)).toMatchObject({ kind: 'queued' })
    },
  )

  test('that lies on a card from before it is held, when the device was paired at a clock of 1970 that was set since', () => {
    const tested = testQueue()
    changeStoredPairing(tested, -startOfTime)
    tested.clock.now += 10 * minute
    expect(shownAt(tested, { capturedAt: pairedAt - year })).toMatchObject(held)
  })

  test('that lies on a card and was captured after it goes, when the device was paired at a clock of 1970 that was set since', () => {
    const tested = testQueue()
    changeStoredPairing(tested, -startOfTime)
    tested.clock.now += 10 * minute
    expect(shownAt(tested, { capturedAt: pairedAt + minute })).toMatchObject({ kind: 'queued' })
  })

  test('that grew before it is held, when it rests after it and the clock was set in between', () => {
    const tested = testQueue({ projectId: null })
    const listener = takeInFiles(tested.queue, pino({ level: 'silent' }))
    for (const sizeBytes of [1_000, 1_500]) listener.onGrowing(growing(sizeBytes))
    tested.clock.now += minute
    pairWith(tested.queue, 'project-a')
    setClock(tested, year)
    tested.clock.now += minute
    listener.onSettled(settled({ capturedAt: tested.clock.now }))
    expect(uploadsInOrder(tested.queue, 0, 10)[0]?.state).toMatchObject(held)
  })

  /** As if the wall clock had been off by so much when the device was paired. */
  const changeStoredPairing = ({ queue }: TestQueue, byMs: number) =>
    queue.db.exec(`UPDATE upload_link SET paired_at = paired_at + ${byMs}, project_since = project_since + ${byMs}`)
})

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
