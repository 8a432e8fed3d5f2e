import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addFile } from '../../src/daemon/add-file.ts'
import { knownFilesOf } from '../../src/daemon/take-in-files.ts'
import { applyUploadEvent, findUpload } from '../../src/queue/apply-upload-event.ts'
import { clearUploads } from '../../src/queue/decisions.ts'
import { takeIdentity } from '../../src/queue/move-project.ts'
import { uploadsInOrder } from '../../src/queue/queue-reports.ts'
import { claimRegistration } from '../../src/queue/registrations.ts'
import { hashText } from '../../src/xxh64.ts'
import { addClip, identity, pairWith, startOfTime, testQueue } from '../queue/test-queue.ts'
import { growing, minute, path, sendHalf, settled, takenIn } from './taken-in-file.ts'

const elsewhere = '/card/B001.mov'

test.for([
  ['a disk that keeps inodes', { inodeIsStable: true }],
  ['a card that invents them', { inodeIsStable: false }],
] as const)('a file of %s that was gone and is there again under its own name goes up', ([, medium]) => {
  const { queue, listener, id, state } = takenIn(medium)
  const known = knownFilesOf(queue)
  const { identity: file } = settled(medium)
  const isKnownByStat = () => file.statKey !== null && known.hasStat(file.statKey, path)
  sendHalf(queue)
  expect(isKnownByStat()).toBe(medium.inodeIsStable)
  listener.onGone({ ...settled(medium), volumeId: file.volumeId, volumePresent: true })
  expect(state()?.state).toMatchObject({ kind: 'cleared', reason: 'sourceDeleted' })
  expect(isKnownByStat()).toBe(false)
  expect(known.find(file)).toEqual({ path, isGivenUp: true })
  listener.onMoved(settled(medium), path)
  expect(state()?.state.kind).toBe('queued')
  expect(known.find(file)).toEqual({ path, isGivenUp: false })
  expect(isKnownByStat()).toBe(medium.inodeIsStable)
  expect(uploadsInOrder(queue, 0, 10).map((upload) => upload.id)).toEqual([id])
})

test('a file that is copied back so slowly that it is seen to grow is one clip, that of the copy', () => {
  const { queue, listener, state } = takenIn({ inodeIsStable: false })
  const file = settled({ inodeIsStable: false })
  listener.onGone({ ...file, volumeId: 'volume-1', volumePresent: true })
  for (const sizeBytes of [1_000, 1_500]) listener.onGrowing({ ...growing(sizeBytes), since: startOfTime + minute })
  listener.onMoved(file, path)
  expect(state()?.state.kind).toBe('cleared')
  expect(uploadsInOrder(queue, 0, 10).map((upload) => upload.state.kind)).toEqual(['cleared', 'queued'])
  expect(knownFilesOf(queue).find(file.identity)).toEqual({ path, isGivenUp: false })
})

test('a clip that was given up in the middle of its create goes up under the name by which its file is found', () => {
  const { queue, listener } = takenIn()
  sendHalf(queue)
  listener.onGone({ ...settled({}), volumeId: 'volume-1', volumePresent: true })
  listener.onMoved({ ...settled({}), path: elsewhere }, path)
  expect(claimRegistration(queue, 10)?.upload).toMatchObject({ name: 'B001.mov', createName: 'B001.mov' })
})

test.for(['cleared', 'waiting'] as const)(
  'a clip from before there was a project that is %s when the device gets one is held when its file is there again',
  (kind) => {
    const { queue, clock } = testQueue({ projectId: null })
    const { id } = addClip(queue)
    if (kind === 'cleared') applyUploadEvent(queue, id, { kind: 'cleared', reason: 'sourceDeleted' })
    else applyUploadEvent(queue, id, { kind: 'sourceRemoved' })
    expect(findUpload(queue, id)?.state.kind).toBe(kind)
    clock.now += minute
    pairWith(queue, 'project-a')
    applyUploadEvent(queue, id, { kind: kind === 'cleared' ? 'sourceFound' : 'waitEnded' })
    expect(findUpload(queue, id)?.state).toMatchObject({ kind: 'held', reason: 'capturedBeforePairing' })
  },
)

test('a file whose clip a person cleared is not taken up again because it moved', () => {
  const { queue, listener, state } = takenIn()
  clearUploads(queue, 'clearedByOperator')
  expect(knownFilesOf(queue).find(settled({}).identity)).toEqual({ path, isGivenUp: false })
  listener.onMoved({ ...settled({}), path: elsewhere }, path)
  expect(state()?.state.kind).toBe('cleared')
})

test('a held clip whose file was gone is held when it is there again, whatever its name', () => {
  const { queue, listener, id, state } = takenIn()
  applyUploadEvent(queue, id, { kind: 'heldBack', reason: 'capturedBeforePairing' })
  for (const name of [elsewhere, path]) {
    const from = state()?.source.path ?? ''
    listener.onGone({ ...settled({}), path: from, volumeId: 'volume-1', volumePresent: true })
    listener.onMoved({ ...settled({}), path: name }, from)
    expect(state()).toMatchObject({ state: { kind: 'held', reason: 'capturedBeforePairing' }, source: { path: name } })
  }
})

test('a file that was given up in another project is a new take in this one, held as captured before the pairing', () => {
  const { queue, clock, listener, id, state } = takenIn()
  listener.onGone({ ...settled({}), volumeId: 'volume-1', volumePresent: true })
  clock.now += minute
  takeIdentity(queue, identity('project-b', { projectEpoch: 2 }), hashText)
  listener.onMoved({ ...settled({}), path: elsewhere }, path)
  const [first, second] = uploadsInOrder(queue, 0, 10)
  expect(first).toMatchObject({ id, state: { kind: 'cleared' } })
  expect(second).toMatchObject({ projectId: 'project-b', state: { kind: 'held', reason: 'capturedBeforePairing' } })
  expect(state()?.state.kind).toBe('cleared')
})

test('a clip that waits is created under the name that its file has by then', () => {
  const { queue, listener } = takenIn()
  listener.onMoved({ ...settled({}), path: elsewhere }, path)
  expect(claimRegistration(queue, 10)?.upload).toMatchObject({ name: 'B001.mov', createName: 'B001.mov' })
  listener.onMoved({ ...settled({}), path: '/card/C001.mov' }, elsewhere)
  expect(uploadsInOrder(queue, 0, 10)).toMatchObject([{ name: 'B001.mov', source: { path: '/card/C001.mov' } }])
})

test('a file that a person adds again after it was gone goes up', async () => {
  const { queue } = testQueue()
  const clip = join(mkdtempSync(join(tmpdir(), 'again-')), 'A001.mov')
  writeFileSync(clip, 'take')
  const added = await addFile(queue, clip, 0)
  const id = 'id' in added ? added.id : ''
  expect(await addFile(queue, clip, 0)).toMatchObject({ outcome: 'known' })
  applyUploadEvent(queue, id, { kind: 'cleared', reason: 'sourceDeleted' })
  expect(await addFile(queue, clip, 0)).toEqual({ path: clip, outcome: 'queued', id })
  expect(uploadsInOrder(queue, 0, 10)).toMatchObject([{ id, state: { kind: 'queued' } }])
})
