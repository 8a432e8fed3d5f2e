import { appendFileSync, lstatSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import type { GrowingFile, WatchFolder } from '../../src/capture/capture-port.ts'
import { takeInFiles } from '../../src/daemon/take-in-files.ts'
import { uploadsInOrder } from '../../src/queue/queue-reports.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { tinyLimits } from '../growing/growing-world.ts'
import { startOfTime, testQueue } from '../queue/test-queue.ts'

/** A folder of recordings and what the queue makes of them; `look` is what capture tells at each look at a file. */
function recordings({ inodeIsStable = true } = {}) {
  const { queue } = testQueue()
  const dir = mkdtempSync(join(tmpdir(), 'rushes-renamed-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const watchFolder: WatchFolder = {
    ...{ path: dir, channel: 0, mode: 'realtime', include: [], exclude: [], order: 'oldest-first', bytesPerSecond: 64 },
  }
  const listener = takeInFiles(queue, pino({ level: 'silent' }), tinyLimits)
  const at = (name: string) => join(dir, name)
  const look = (name: string) => {
    const { size, mtimeNs, ino } = lstatSync(at(name), { bigint: true })
    const file: GrowingFile = {
      ...{ path: at(name), relativePath: name, watchFolder, sizeBytes: Number(size), since: startOfTime },
      ...{ modifiedUs: Number(mtimeNs / 1_000n), volumeId: 'uuid:1', inode: String(ino), inodeIsStable },
      sawBegin: true,
      bornAt: null,
    }
    listener.onGrowing(file)
  }
  const record = (name: string, byteCount: number) => {
    appendFileSync(at(name), Buffer.alloc(byteCount, 1))
    look(name)
  }
  /** A take that is being sent while it grows. */
  const begin = (name: string) => {
    record(name, 10)
    record(name, 500)
    const claim = claimRegistration(queue, 10)
    if (claim === null) throw new Error('it is to be registered')
    recordCreated(queue, claim, { assetId: 'asset-1', urlsIssuedAt: startOfTime, parts: [] })
  }
  const vanish = (name: string) =>
    listener.onGone({ path: at(name), relativePath: name, watchFolder, volumeId: 'uuid:1', volumePresent: true })
  const stored = () =>
    uploadsInOrder(queue, 0, 10).map(({ name, source, state, isRealtime }) => [
      ...[basename(source.path), name, state.kind, isRealtime],
    ])
  return { at, look, record, begin, vanish, stored }
}

test('a take that gets its name while the next one has begun under the name that it had goes on, and the next has an upload of its own', () => {
  const { at, look, record, begin, stored } = recordings()
  begin('current.mov')
  renameSync(at('current.mov'), at('A001.mov'))
  record('current.mov', 20)
  expect(stored()).toEqual([['A001.mov', 'A001.mov', 'uploading', true]])
  look('A001.mov')
  record('current.mov', 500)
  expect(stored()).toEqual([
    ['A001.mov', 'A001.mov', 'uploading', true],
    ['current.mov', 'current.mov', 'queued', true],
  ])
})

test('a take that gets its name is followed also where the next one is looked at after it', () => {
  const { at, look, record, begin, stored } = recordings()
  begin('current.mov')
  renameSync(at('current.mov'), at('A001.mov'))
  writeFileSync(at('current.mov'), 'the next take')
  look('A001.mov')
  record('current.mov', 20)
  expect(stored()[0]).toEqual(['A001.mov', 'A001.mov', 'uploading', true])
})

test('a take that another one has taken the place of, and that is nowhere beside it, begins anew', () => {
  const { at, look, begin, stored } = recordings()
  begin('current.mov')
  writeFileSync(at('next'), Buffer.alloc(20))
  renameSync(at('next'), at('current.mov'))
  look('current.mov')
  expect(stored()).toEqual([['current.mov', 'current.mov', 'growing', false]])
})

test('a take that gets its name where inodes do not last goes on under it', () => {
  const { at, look, begin, vanish, stored } = recordings({ inodeIsStable: false })
  begin('A001.mov.part')
  renameSync(at('A001.mov.part'), at('A001.mov'))
  look('A001.mov')
  vanish('A001.mov.part')
  expect(stored()).toEqual([['A001.mov', 'A001.mov', 'uploading', true]])
})

test('a shorter file where inodes do not last is not the take that had the temporary name', () => {
  const { at, record, begin, stored } = recordings({ inodeIsStable: false })
  begin('A001.mov.part')
  rmSync(at('A001.mov.part'))
  record('A001.mov', 20)
  expect(stored()[0]?.slice(0, 2)).toEqual(['A001.mov.part', 'A001.mov'])
})
