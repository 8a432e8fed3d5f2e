import { mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { readVolumeTable } from '../../src/capture/volume-table.ts'
import { type ClearVanishedOptions, clearVanished } from '../../src/daemon/clear-vanished.ts'
import { readFolderSums } from '../../src/daemon/folder-sums.ts'
import type { NewUpload } from '../../src/queue/add-upload.ts'
import { applyUploadEvent, findUpload } from '../../src/queue/apply-upload-event.ts'
import { releaseHeld } from '../../src/queue/decisions.ts'
import { beginGrowth } from '../../src/queue/growths.ts'
import { moveSource } from '../../src/queue/known-files.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { claimRegistration, recordCreateFailure } from '../../src/queue/registrations.ts'
import { addClip, testQueue } from '../queue/test-queue.ts'

const sweeping = (change: Partial<ClearVanishedOptions> = {}): ClearVanishedOptions => ({
  capture: { rescan: async () => undefined, counts: () => ({ growing: 0 }) },
  log: pino({ level: 'silent' }),
  signal: new AbortController().signal,
  lookAgainMs: 10,
  ...change,
})

/** Rows of files that were growing when the agent ended, in a watch folder that is there. */
async function grown(names: readonly string[], volumeId = '') {
  const { queue, stateDir } = testQueue()
  const folder = join(stateDir, 'card')
  await mkdir(folder)
  const ids: string[] = []
  for (const name of names) {
    const path = join(folder, name)
    await writeFile(path, 'the first bytes')
    const file = {
      ...{ path, watchFolder: folder, volumeId, inode: '', inodeIsStable: false },
      ...{ sizeBytes: 15, modifiedUs: 0, identityKey: null, statKey: null },
    }
    ids.push(addClip(queue, 15, { file, name, entry: { kind: 'growing' } }).id)
  }
  const sweep = () => clearVanished(queue, sweeping())
  const states = () => ids.map((id) => findUpload(queue, id)?.state)
  return { folder, sweep, states, queue, ids }
}

const cleared = { kind: 'cleared', reason: 'sourceDeleted', heldFor: null }

test('growing files that were deleted or renamed while the agent was down are cleared, and those that are there still grow', async () => {
  const { folder, sweep, states } = await grown(['deleted.mov', 'renamed.mov', 'there.mov'])
  await rm(join(folder, 'deleted.mov'))
  await rename(join(folder, 'renamed.mov'), join(folder, 'B001.mov'))
  await sweep()
  expect(states()).toEqual([cleared, cleared, { kind: 'growing' }])
})

test('more growing files than are looked up at once are all cleared when they were deleted', async () => {
  const { folder, sweep, states } = await grown(Array.from({ length: 203 }, (_, index) => `A${index}.mov`))
  await rm(folder, { recursive: true })
  await mkdir(folder)
  await sweep()
  expect(new Set(states().map((state) => state?.kind))).toEqual(new Set(['cleared']))
})

test('a growing file whose watch folder is absent may come back and is left', async () => {
  const { folder, sweep, states } = await grown(['A001.mov'])
  await rm(folder, { recursive: true })
  await sweep()
  expect(states()).toEqual([{ kind: 'growing' }])
})

test('a growing file of a volume that is not mounted may come back and is left', async () => {
  const { folder, sweep, states } = await grown(['A001.mov'], 'uuid:elsewhere')
  await rm(join(folder, 'A001.mov'))
  await sweep()
  expect(states()).toEqual([{ kind: 'growing' }])
})

test('a file that was being sent while it grew and was deleted while the agent was down is cleared', async () => {
  const { folder, sweep, states, queue, ids } = await grown(['A001.mov'])
  const upload = findUpload(queue, ids[0] ?? '')
  if (upload === null) throw new Error('it was taken in')
  beginGrowth(queue, upload, { bytesPerSecond: 1, extension: '.mov', source: upload.source })
  expect(states()).toMatchObject([{ kind: 'queued' }])
  await sweep()
  expect(states()).toMatchObject([{ kind: 'queued' }])
  await rm(join(folder, 'A001.mov'))
  await sweep()
  expect(states()).toEqual([cleared])
})

const error = { class: 'file', code: 'EIO', message: 'it broke' } as const

/** What nobody reads by itself: rows of files at rest, each brought into a state of its own. */
const unread: Record<string, (queue: Queue, add: (entry: NewUpload['entry']) => string) => string> = {
  'held.mov': (_, add) => add({ kind: 'held', reason: 'manualFolder' }),
  'failed.mov'(queue, add) {
    const id = add({ kind: 'queued' })
    applyUploadEvent(queue, id, { kind: 'failed', reason: 'readError', error })
    return id
  },
  'restart.mov'(queue, add) {
    const id = add({ kind: 'queued' })
    const claim = claimRegistration(queue, 10)
    if (claim === null) throw new Error('there is one to register')
    recordCreateFailure(queue, claim, {
      consequence: { kind: 'awaitRestart', bootId: 'boot-1' },
      uncertain: false,
      error,
    })
    return id
  },
}

/** Such rows, of files that were there when they were taken in. */
async function resting(change: { volumeId?: string } = {}) {
  const { queue, stateDir } = testQueue()
  const folder = join(await realpath(stateDir), 'card')
  await mkdir(folder)
  const volumeId = change.volumeId ?? (await readVolumeTable(null)).find(folder).id
  const pathOf = (name: string) => join(folder, name)
  const add = (name: string) => (entry: NewUpload['entry']) => {
    const file = {
      ...{ path: pathOf(name), watchFolder: folder, volumeId, inode: name, inodeIsStable: false },
      ...{ sizeBytes: 15, modifiedUs: 1, identityKey: name, statKey: null },
    }
    return addClip(queue, 15, { file, name, entry }).id
  }
  const names = Object.keys(unread)
  for (const name of names) await writeFile(pathOf(name), 'the whole bytes')
  const ids = Object.entries(unread).map(([name, make]) => make(queue, add(name)))
  const kinds = () => ids.map((id) => findUpload(queue, id)?.state.kind)
  const removeAll = () => Promise.all(names.map((name) => rm(pathOf(name))))
  return { queue, folder, ids, kinds, add, pathOf, removeAll, volumeId }
}
const asTheyWere = ['held', 'failed', 'waiting']

test('what was held, failed or waited for a restart and was deleted while no agent ran is cleared, so that its card is home', async () => {
  const { queue, folder, kinds, removeAll, volumeId, ids } = await resting()
  const sums = () =>
    readFolderSums(queue, []).map((sum) => [sum.watchFolder, sum.volumeId, sum.counts, sum.bytes.waiting])
  await clearVanished(queue, sweeping())
  expect(kinds()).toEqual(asTheyWere)
  expect(sums()).toEqual([[folder, volumeId, { held: 1, failed: 1, waiting: 1 }, 30]])
  await removeAll()
  await clearVanished(queue, sweeping())
  expect(ids.map((id) => findUpload(queue, id)?.state)).toMatchObject(
    Array.from({ length: 3 }, () => ({ kind: 'cleared', reason: 'sourceDeleted' })),
  )
  expect(sums()).toEqual([[folder, volumeId, { cleared: 3 }, 0]])
})

test('more held files than are looked up at once are all cleared, and what is queued is left to its sender', async () => {
  const { queue, add } = await resting()
  const held = Array.from({ length: 203 }, (_, index) => add(`H${index}.mov`)({ kind: 'held', reason: 'manualFolder' }))
  const queued = add('queued.mov')({ kind: 'queued' })
  await clearVanished(queue, sweeping())
  expect(new Set(held.map((id) => findUpload(queue, id)?.state.kind))).toEqual(new Set(['cleared']))
  expect(findUpload(queue, queued)?.state.kind).toBe('queued')
})

test.for([
  ['whose volume is not mounted', 'uuid:elsewhere'],
  ['that was never asked for its volume', ''],
] as const)('what was held, failed or waited is left when it is of a file %s', async ([, volumeId]) => {
  const { queue, kinds, removeAll } = await resting({ volumeId })
  await removeAll()
  await clearVanished(queue, sweeping())
  expect(kinds()).toEqual(asTheyWere)
})

test('what was held, failed or waited is left when its watch folder is absent', async () => {
  const { queue, kinds, folder } = await resting()
  await rm(folder, { recursive: true })
  await clearVanished(queue, sweeping())
  expect(kinds()).toEqual(asTheyWere)
})

test('what was renamed while no agent ran is waited for until capture knows its new name, and not cleared', async () => {
  const { queue, kinds, folder, ids, pathOf } = await resting()
  for (const name of Object.keys(unread)) await rename(pathOf(name), pathOf(`new-${name}`))
  let looks = 0
  const findNewNames = () => {
    for (const id of ids) {
      const upload = findUpload(queue, id)
      if (upload === null) continue
      const { source } = upload
      moveSource(queue, upload, { ...source, path: pathOf(`new-${source.identityKey}`), watchFolder: folder })
    }
  }
  const counts = () => {
    looks++
    if (looks === 2) findNewNames()
    return { growing: looks === 1 ? 1 : 0 }
  }
  await clearVanished(queue, sweeping({ capture: { rescan: async () => undefined, counts } }))
  expect(looks).toBe(2)
  expect(kinds()).toEqual(asTheyWere)
})

test('a held file that is back at the second look, or that was released meanwhile, is left', async () => {
  const { queue, add, pathOf } = await resting()
  const held = ['back.mov', 'released.mov', 'gone.mov'].map((name) =>
    add(name)({ kind: 'held', reason: 'manualFolder' }),
  )
  const running = clearVanished(queue, sweeping({ lookAgainMs: 400 }))
  await delay(200)
  await writeFile(pathOf('back.mov'), 'the whole bytes')
  releaseHeld(queue, held.slice(1, 2))
  await running
  expect(held.map((id) => findUpload(queue, id)?.state.kind)).toEqual(['held', 'queued', 'cleared'])
})

test('whoever stops does not wait for a folder that does not answer', async () => {
  const { queue, kinds, removeAll } = await resting()
  await removeAll()
  const stopping = new AbortController()
  const never = { rescan: () => new Promise<void>(() => undefined), counts: () => ({ growing: 0 }) }
  const running = clearVanished(queue, sweeping({ capture: never, signal: stopping.signal }))
  stopping.abort()
  await running
  expect(kinds()).toEqual(asTheyWere)
})
