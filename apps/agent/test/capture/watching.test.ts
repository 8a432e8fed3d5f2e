import { lstat, mkdir, open, rename, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { FileIdentity } from '../../src/capture/capture-port.ts'
import { FolderCapture } from '../../src/capture/folder-capture.ts'
import { createWriterProbe } from '../../src/capture/open-writers.ts'
import { startCapture } from '../../src/capture/start-capture.ts'
import type { MountedVolume } from '../../src/capture/volume-table.ts'
import { findWhereabouts } from '../../src/capture/whereabouts.ts'
import { startRecorder } from './recorder.ts'
import {
  createLog,
  createRecord,
  settleMs,
  temporaryFolder,
  testClock,
  watchedFolder,
  watchFolder,
} from './watched-folder.ts'

test('finds files by looking regularly, and says so once, where the system does not tell of changes', async () => {
  const speed = 10
  await using temporary = await temporaryFolder()
  const share: MountedVolume = { id: 'nas', label: 'nas', mountPoint: '/', keepsInodes: false, tellsOfChanges: false }
  const table = { text: '', find: () => share, isMounted: () => true }
  const record = createRecord()
  const { log, lines } = createLog()
  const clock = testClock(speed)
  const stopping = new AbortController()
  const capture = new FolderCapture({
    ...{ folder: watchFolder(temporary.path), known: record.known, listener: record.listener, clock, log },
    ...{
      restMs: settleMs * speed,
      writers: createWriterProbe(clock),
      volumes: { table: () => table, refresh: async () => table },
    },
    ...{ isOwnFolder: () => false, isOtherRoot: () => false, onRootChanged: () => {} },
  })
  const running = capture.run(stopping.signal)
  await capture.rescan()
  await mkdir(join(temporary.path, 'sub'))
  await writeFile(join(temporary.path, 'sub/a.mov'), 'take')
  await record.until('it settled', () => record.settled('sub/a.mov').length === 1)
  expect(record.settled('sub/a.mov')[0]?.identity).toMatchObject({ statKey: null, inodeIsStable: false })
  await unlink(join(temporary.path, 'sub/a.mov'))
  await record.until('it is gone', () => record.toldOf('sub/a.mov').includes('onGone'))
  stopping.abort()
  await running
  expect(lines.filter(({ level }) => level >= 40)).toHaveLength(1)
})

test('gives a file to the innermost of nested watch folders, once, though one leads there by a link', async () => {
  await using temporary = await temporaryFolder()
  await mkdir(join(temporary.path, 'outer/inner'), { recursive: true })
  await symlink(join(temporary.path, 'outer/inner'), join(temporary.path, 'link'))
  await writeFile(join(temporary.path, 'outer/inner/a.mov'), 'inner')
  await writeFile(join(temporary.path, 'outer/b.mov'), 'outer')
  const record = createRecord()
  const capture = startCapture({
    folders: [watchFolder(join(temporary.path, 'outer')), watchFolder(join(temporary.path, 'link'), { channel: 2 })],
    ...{ known: record.known, listener: record.listener, clock: testClock(), log: createLog().log, settleMs },
  })
  await record.until('both settled', () => record.rows.length === 2)
  await capture.rescan()
  expect(capture.counts()).toMatchObject({ settled: 2, known: 0, growing: 0 })
  await capture.stop()
  const told = record.calls.flatMap((call) =>
    call.on === 'onSettled' ? [[call.args[0].path, call.args[0].watchFolder.channel]] : [],
  )
  expect(told.sort()).toEqual([
    [join(temporary.path, 'link/a.mov'), 2],
    [join(temporary.path, 'outer/b.mov'), 0],
  ])
})

test('hands over every one of 1,000 files that come at once, each once', async () => {
  await using folder = await watchedFolder()
  const names = Array.from({ length: 1_000 }, (_, index) => `${index % 10}/clip-${index}.mov`)
  for (let group = 0; group < 10; group += 1) await mkdir(folder.at(`${group}`))
  for (const name of names) await writeFile(folder.at(name), name)
  await folder.record.until('all settled', () => folder.record.rows.length >= names.length)
  await folder.capture.rescan()
  expect(folder.record.rows.map(({ path }) => path).sort()).toEqual(names.map((name) => folder.at(name)).sort())
  expect(folder.capture.counts()).toMatchObject({ settled: 1_000, growing: 0, known: 0 })
})

test('goes on with other files when one cannot be found out about', async () => {
  await using temporary = await temporaryFolder()
  await writeFile(join(temporary.path, 'a.mov'), 'a')
  await writeFile(join(temporary.path, 'b.mov'), 'b')
  const record = createRecord()
  const { find } = record.known
  let isBroken = true
  record.known.find = (identity: FileIdentity) => {
    if (isBroken && identity.pathOnVolume.endsWith('a.mov')) throw new Error('the queue cannot be read')
    return find(identity)
  }
  await using folder = await watchedFolder({ path: temporary.path, record, speed: 20 })
  await record.until('the other settled', () => record.settled('b.mov').length === 1)
  await expect.poll(() => folder.logged.some(({ level }) => level === 50)).toBe(true)
  expect(record.settled('a.mov')).toEqual([])
  isBroken = false
  await record.until('the first settled too', () => record.settled('a.mov').length === 1)
})

describe('asking for writers', () => {
  test('finds a file that another process has open for writing, not one that is open for reading, under any path to it', async () => {
    await using temporary = await temporaryFolder()
    await using recorder = await startRecorder()
    const written = join(temporary.path, 'written.mov')
    const read = join(temporary.path, 'read.mov')
    await recorder.do({ action: 'open', path: written })
    await writeFile(read, 'x')
    await using reading = await open(read, 'r')
    const candidate = async (path: string, shown = path) => {
      await using file = await open(path, 'r')
      const { ino, dev } = await file.stat({ bigint: true })
      return { path: shown, inode: ino, device: dev }
    }
    expect(reading.fd).toBeGreaterThan(0)
    const asked = [
      await candidate(written),
      await candidate(written, '/in/a/container/written.mov'),
      await candidate(read),
    ]
    const found = await createWriterProbe(testClock()).probe(asked)
    expect(found).toEqual(new Set([written, '/in/a/container/written.mov']))
    await recorder.do({ action: 'close' })
    expect(await createWriterProbe(testClock()).probe(asked)).toEqual(new Set())
  })

  test('remembers by what a file was open, and tells once that it is closed, renamed or open for reading alone', async () => {
    await using temporary = await temporaryFolder()
    const probe = createWriterProbe(testClock(1_000_000))
    const path = join(temporary.path, 'a.mov')
    const ask = async () => {
      const { ino, dev } = await lstat(path, { bigint: true })
      return probe.probe([{ path, inode: ino, device: dev }])
    }
    expect(probe.look(path)).toBe('unknown')
    const first = await open(path, 'w')
    expect(await ask()).toEqual(new Set([path]))
    expect([probe.look(path), probe.look(path)]).toEqual(['open', 'open'])
    await first.close()
    await using reading = await open(path, 'r')
    expect(reading.fd).toBeGreaterThan(0)
    expect([probe.look(path), probe.look(path)]).toEqual(['closed', 'unknown'])

    await using second = await open(path, 'r+')
    expect(second.fd).toBeGreaterThan(0)
    expect(await ask()).toEqual(new Set([path]))
    await rename(path, `${path}.done`)
    expect([probe.look(path), probe.look(path)]).toEqual(['closed', 'unknown'])
  })

  test('is put off until it would cost no more than a tenth of a processor, however long it waited for its turns', async () => {
    let nowMs = 1_000
    const clock = { monotonicMs: () => nowMs }
    // What the first process costs to go through, and nothing after it.
    let looks = 0
    const probe = createWriterProbe(clock, () => {
      nowMs += 10
      return looks++ === 0 ? 0 : 20
    })
    expect(await probe.probe([])).toEqual(new Set())
    const waitedFromMs = nowMs
    expect(await probe.probe([])).toEqual({ laterMs: 200 })
    nowMs = waitedFromMs + 200
    expect(await probe.probe([])).toEqual(new Set())
  })
})

test('finds a source again: there, replaced, deleted, or on a volume that is absent', async () => {
  await using folder = await watchedFolder({ prepare: (path) => writeFile(`${path}/a.mov`, 'take') })
  await folder.record.until('it settled', () => folder.record.rows.length === 1)
  const identity = folder.record.rows[0]?.identity
  if (identity === undefined) throw new Error('no row')
  const at = folder.at('a.mov')
  expect(await findWhereabouts(at, identity, folder.path)).toBe('there')
  expect(await findWhereabouts(at, { ...identity, volumeId: 'uuid:elsewhere' }, folder.path)).toBe('volumeAbsent')
  await rename(at, folder.at('b.mov'))
  expect(await findWhereabouts(at, identity, folder.path)).toBe('deleted')
  expect(await findWhereabouts(at, identity, null)).toBe('deleted')
  await writeFile(at, 'take')
  expect(await findWhereabouts(at, identity, folder.path)).toBe('elsewhere')
  await rename(folder.path, `${folder.path}-away`)
  expect(await findWhereabouts(at, identity, folder.path)).toBe('volumeAbsent')
  expect(await findWhereabouts(at, identity, null)).toBe('deleted')
  await rename(`${folder.path}-away`, folder.path)
})
