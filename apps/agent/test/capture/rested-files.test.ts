import { lstat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { restingFile, see, type UnsettledFile } from '../../src/capture/file-life.ts'
import { inspectFile } from '../../src/capture/inspect-file.ts'
import { MissingFiles } from '../../src/capture/missing-files.ts'
import { RestedFiles } from '../../src/capture/rested-files.ts'
import { TrackedFiles } from '../../src/capture/tracked-files.ts'
import { unreadVolumeTable } from '../../src/capture/volume-table.ts'
import { contextFor } from './context-for.ts'
import { temporaryFolder } from './watched-folder.ts'

async function lookAt(path: string) {
  const { size, mtimeNs, ino, dev } = await lstat(path, { bigint: true })
  return { sizeBytes: Number(size), mtimeNs, inode: ino, device: dev }
}

function unsettled(look: UnsettledFile['look']): UnsettledFile {
  const context = { now: 1, nowMs: 1, isFirstScan: true, startedAt: null, restMs: 1, lookGapMs: 1 }
  const { next } = see(null, look, unreadVolumeTable.find('/'), context)
  if (next.kind !== 'unsettled') throw new Error('a new file is unsettled')
  return next
}

test('says of a file that cannot be opened so once for each cause, and keeps it to try again', async () => {
  await using temporary = await temporaryFolder()
  const path = join(temporary.path, 'a.mov')
  // A socket cannot be opened by anybody, not even by root.
  const server = createServer()
  await new Promise<void>((listening) => server.listen(path, listening))
  const { record, context } = contextFor(temporary.path)
  const rested = new RestedFiles(context, new MissingFiles(context))
  const file = unsettled({ ...(await lookAt(path)), sizeBytes: 5 })
  await rested.settle(temporary.path, [['a.mov', file]])
  const again = context.tracked.getUnsettled('a.mov')
  expect(again).toMatchObject({ unreadableCode: 'ENXIO', wasTold: true })
  await rested.settle(temporary.path, [['a.mov', again ?? file]])
  server.close()
  expect(record.toldOf('a.mov')).toEqual(['onUnreadable'])
  expect(record.calls[0]?.args[0]).toMatchObject({ error: { code: 'ENXIO' }, sizeBytes: 5 })
})

test('leaves a file that cannot be asked for writers yet until it can be', async () => {
  await using temporary = await temporaryFolder()
  await writeFile(join(temporary.path, 'a.mov'), 'take')
  const { record, context } = contextFor(temporary.path)
  const busy = { ...context, writers: { ...context.writers, probe: async () => ({ laterMs: 60_000 }) } }
  const file = unsettled(await lookAt(join(temporary.path, 'a.mov')))
  await new RestedFiles(busy, new MissingFiles(busy)).settle(temporary.path, [['a.mov', file]])
  expect(context.tracked.getUnsettled('a.mov')?.nextLookMs).toBeGreaterThan(file.nextLookMs + 59_000)
  expect(record.calls).toEqual([])
})

test('does not go through all processes for a file that is known to be open, however long its recorder pauses', async () => {
  await using temporary = await temporaryFolder()
  await writeFile(join(temporary.path, 'a.mov'), 'take')
  const { record, context } = contextFor(temporary.path)
  let probes = 0
  const probe = async () => {
    probes++
    return new Set<string>()
  }
  const held = { ...context, writers: { probe, look: () => 'open' as const, isBlind: () => false } }
  const file = { ...unsettled(await lookAt(join(temporary.path, 'a.mov'))), sawWriter: true, changedMs: -60_000 }
  const rested = new RestedFiles(held, new MissingFiles(held))
  await rested.lookForWriters(temporary.path, [['a.mov', file]])
  await rested.settle(temporary.path, [['a.mov', file]])
  expect(probes).toBe(0)
  expect(record.toldOf('a.mov')).toEqual(['onGrowing'])
})

test('does not take a file for the one that was looked at when it is another one by the time it is opened', async () => {
  await using temporary = await temporaryFolder()
  const path = join(temporary.path, 'a.mov')
  await writeFile(path, 'take')
  const look = await lookAt(path)
  expect(await inspectFile(path, look)).toMatchObject({ kind: 'read' })
  expect(await inspectFile(path, { ...look, sizeBytes: 3 })).toEqual({ kind: 'changed' })
  expect(await inspectFile(path, { ...look, inode: look.inode + 1n })).toEqual({ kind: 'changed' })
  expect(await inspectFile(path, { ...look, mtimeNs: look.mtimeNs + 1n })).toEqual({ kind: 'changed' })
  expect(await inspectFile(join(temporary.path, 'none.mov'), look)).toEqual({ kind: 'absent' })
  expect(await inspectFile(temporary.path, look)).toEqual({ kind: 'changed' })
})

test('counts each file once, under what it is now', () => {
  const tracked = new TrackedFiles()
  const look = { sizeBytes: 1, mtimeNs: 1n, inode: 1n, device: 1n }
  const volume = unreadVolumeTable.find('/')
  tracked.set('a', unsettled(look))
  tracked.set('b', restingFile('known', look, volume))
  expect(tracked.counts()).toEqual({ settled: 0, known: 1, refused: 0, growing: 1 })
  tracked.set('a', restingFile('settled', look, volume))
  tracked.set('b', restingFile('refused', look, volume))
  expect(tracked.counts()).toEqual({ settled: 1, known: 0, refused: 1, growing: 0 })
  tracked.beginScan()
  tracked.set('a', tracked.get('a') ?? restingFile('settled', look, volume))
  expect([...tracked.unseen()]).toEqual(['b'])
  tracked.delete('b')
  tracked.delete('b')
  expect(tracked.counts()).toEqual({ settled: 1, known: 0, refused: 0, growing: 0 })
})
