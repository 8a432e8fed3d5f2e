import { mkdir, rename, rm, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FolderCapture } from '../../src/capture/folder-capture.ts'
import { createWriterProbe } from '../../src/capture/open-writers.ts'
import type { MountedVolume, VolumeTable } from '../../src/capture/volume-table.ts'
import {
  createLog,
  createRecord,
  settleMs,
  temporaryFolder,
  testClock,
  watchedFolder,
  watchFolder,
} from './watched-folder.ts'

test('says that a settled file is gone while its volume is there when it is deleted', async () => {
  await using folder = await watchedFolder({ prepare: (path) => writeFile(`${path}/a.mov`, 'take') })
  const { record } = folder
  await record.until('it settled', () => record.settled('a.mov').length === 1)
  await unlink(folder.at('a.mov'))
  await record.until('it is gone', () => record.toldOf('a.mov').includes('onGone'))
  expect(record.calls.at(-1)?.args[0]).toMatchObject({ path: folder.at('a.mov'), volumePresent: true })
  expect(folder.capture.counts()).toMatchObject({ settled: 0, growing: 0 })
})

test('says that a growing file is gone when it is deleted before it settles', async () => {
  await using folder = await watchedFolder()
  const { record } = folder
  await writeFile(folder.at('a.mov'), 'take')
  await record.until('it grows', () => record.toldOf('a.mov').includes('onGrowing'))
  await unlink(folder.at('a.mov'))
  await record.until('it is gone', () => record.toldOf('a.mov').includes('onGone'))
  expect(record.toldOf('a.mov')).toEqual(['onGrowing', 'onGone'])
})

test('says that every file of a deleted folder is gone', async () => {
  await using folder = await watchedFolder()
  const { record } = folder
  const names = ['CARD/1.mov', 'CARD/2.mov', 'CARD/deep/3.mov']
  await mkdir(folder.at('CARD/deep'), { recursive: true })
  for (const name of names) await writeFile(folder.at(name), name)
  await record.until('all settled', () => names.every((name) => record.settled(name).length === 1))
  await rm(folder.at('CARD'), { recursive: true })
  await record.until('all are gone', () => names.every((name) => record.toldOf(name).includes('onGone')))
})

test('says of the files of a watch folder that went away that they may come back, and watches it again when it does', async () => {
  await using folder = await watchedFolder({ prepare: (path) => writeFile(`${path}/a.mov`, 'take') })
  const { record } = folder
  await record.until('it settled', () => record.settled('a.mov').length === 1)
  await rename(folder.path, `${folder.path}-away`)
  await folder.capture.rescan()
  await record.until('it is gone', () => record.toldOf('a.mov').includes('onGone'))
  expect(record.calls.findLast((call) => call.on === 'onGone')?.args[0]).toMatchObject({ volumePresent: false })

  record.forget()
  await rename(`${folder.path}-away`, folder.path)
  await folder.capture.rescan()
  await writeFile(folder.at('b.mov'), 'another')
  await record.until('a new file settled', () => record.settled('b.mov').length === 1)
  expect(record.toldOf('a.mov')).toEqual([])
})

test('starts on a folder that does not exist, and watches it as soon as it does', async () => {
  await using parent = await temporaryFolder()
  const path = join(parent.path, 'later')
  await using folder = await watchedFolder({ path })
  await folder.record.until('its volume was told as absent', () => folder.record.volumes()[0]?.present === false)
  expect(folder.record.volumes()).toMatchObject([{ label: 'later', path, sizeBytes: null, freeBytes: null }])
  await mkdir(path)
  await writeFile(join(path, 'a.mov'), 'take')
  await folder.record.until('its file settled', () => folder.record.settled('a.mov').length === 1)
  await folder.record.until('its volume was told', () => folder.record.volumes()[0]?.present === true)
  const [volume] = folder.record.volumes()
  expect(volume?.freeBytes).toBeGreaterThan(0)
  expect(volume?.sizeBytes).toBeGreaterThan(volume?.freeBytes ?? 0)
})

/** A watch folder whose mounts are the test's to say. */
async function folderOnCard() {
  const volume = (id: string): MountedVolume => ({
    id,
    label: id,
    mountPoint: '/',
    keepsInodes: true,
    tellsOfChanges: true,
  })
  const volumes = { system: volume('system'), cardA: volume('cardA'), cardB: volume('cardB') }
  let mounted: MountedVolume = volumes.cardA
  const table = (): VolumeTable => ({
    text: mounted.id,
    find: () => mounted,
    isMounted: (id) => id === mounted.id || id === 'system',
  })
  const temporary = await temporaryFolder()
  const record = createRecord()
  const clock = testClock()
  const stopping = new AbortController()
  const capture = new FolderCapture({
    folder: watchFolder(temporary.path),
    known: record.known,
    listener: record.listener,
    writers: createWriterProbe(clock),
    clock,
    log: createLog().log,
    restMs: settleMs,
    volumes: { table, refresh: async () => table() },
    isOwnFolder: () => false,
    isOtherRoot: () => false,
    onRootChanged: () => {},
  })
  const running = capture.run(stopping.signal)
  await capture.rescan()
  return {
    record,
    capture,
    at: (name: string) => join(temporary.path, name),
    mount: (which: keyof typeof volumes) => {
      mounted = volumes[which]
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await running
      await temporary[Symbol.asyncDispose]()
    },
  }
}

describe('a card', () => {
  test('that is pulled out while its mount point stays takes its files away without deleting them', async () => {
    await using card = await folderOnCard()
    const { record } = card
    await writeFile(card.at('a.mov'), 'take')
    await record.until('it settled', () => record.settled('a.mov').length === 1)
    expect(record.settled('a.mov')[0]?.identity.volumeId).toBe('cardA')

    card.mount('system')
    await unlink(card.at('a.mov'))
    await record.until('it is gone', () => record.toldOf('a.mov').includes('onGone'))
    expect(record.calls.at(-1)?.args[0]).toMatchObject({ volumePresent: false })
  })

  test('that takes the place of another one with a file of the same name brings a new file', async () => {
    await using card = await folderOnCard()
    const { record } = card
    await writeFile(card.at('A001C001.mov'), 'of card A')
    await record.until('it settled', () => record.settled('A001C001.mov').length === 1)

    card.mount('cardB')
    await card.capture.rescan()
    await record.until('the other settled', () => record.settled('A001C001.mov').length === 2)
    expect(record.toldOf('A001C001.mov')).toEqual(['onGrowing', 'onSettled', 'onGone', 'onSettled'])
    const gone = record.calls.find((call) => call.on === 'onGone')
    expect(gone?.args[0]).toMatchObject({ volumePresent: false })
    const [first, second] = record.settled('A001C001.mov')
    expect([first?.identity.volumeId, second?.identity.volumeId]).toEqual(['cardA', 'cardB'])
    // What comes with a card was not captured when the card was put in.
    expect(second?.firstGrowthSeenAt).toBeNull()
  })
  test('that comes back brings files that were captured while it was away, whatever the time of day on them', async () => {
    await using card = await folderOnCard()
    await using elsewhere = await temporaryFolder()
    const { record } = card
    card.mount('system')
    await card.capture.rescan()
    const tomorrow = new Date(Date.now() + 86_400_000)
    await writeFile(join(elsewhere.path, 'new.mov'), 'of today, says a clock that is ahead')
    await utimes(join(elsewhere.path, 'new.mov'), tomorrow, tomorrow)
    card.mount('cardA')
    await rename(join(elsewhere.path, 'new.mov'), card.at('new.mov'))
    await record.until('it settled', () => record.settled('new.mov').length === 1)
    expect(record.settled('new.mov')[0]?.firstGrowthSeenAt).toBeNull()
  })
})
