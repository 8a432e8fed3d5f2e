import { expect, test } from 'vitest'
import type { GrowingFile, WatchFolder } from '../../src/capture/capture-port.ts'
import { growingIntake } from '../../src/daemon/take-in-growing.ts'
import { addUpload } from '../../src/queue/add-upload.ts'
import { findGrowth } from '../../src/queue/growths.ts'
import { startOfTime, testQueue } from '../queue/test-queue.ts'

const mebibyte = 1_048_576
const path = '/card/A001.mov'

/** A folder that says nothing of its rate, and a clock that nobody sets. `look` tells what the growing file is cut by; null while it is not. */
function recording(bytesPerSecond: number | null) {
  const { queue } = testQueue()
  const watchFolder: WatchFolder = {
    ...{ path: '/card', channel: 0, mode: 'realtime', include: [], exclude: [], order: 'oldest-first', bytesPerSecond },
  }
  const fileOf = (sizeBytes: number, inode: string): GrowingFile => ({
    ...{ path, relativePath: 'A001.mov', watchFolder, sizeBytes, since: startOfTime, sawBegin: true, bornAt: null },
    ...{ modifiedUs: 1, volumeId: 'volume-1', inode, inodeIsStable: true },
  })
  const id = addUpload(queue, {
    file: {
      ...{ path, watchFolder: '/card', volumeId: 'volume-1', inode: '1', inodeIsStable: true, sizeBytes: 0 },
      ...{ modifiedUs: 1, identityKey: null, statKey: null },
    },
    ...{ name: 'A001.mov', mimeType: 'video/quicktime', channel: 0, capturedAt: startOfTime },
    entry: { kind: 'growing' },
  })
  let monotonicMs = 50_000
  const intake = growingIntake(queue, () => monotonicMs)
  return (afterMs: number, sizeBytes: number, inode = '1') => {
    monotonicMs = 50_000 + afterMs
    intake.grew(fileOf(sizeBytes, inode), () => true)
    return findGrowth(queue, id)?.bytesPerSecond ?? null
  }
}

test('a file of a folder without a rate is cut by its growth over the first three seconds, and not before they are over', () => {
  const look = recording(null)
  expect([look(0, 4 * mebibyte), look(2_999, 60 * mebibyte)]).toEqual([null, null])
  expect(look(3_000, 64 * mebibyte)).toBe(20 * mebibyte)
  // Frozen: another rate would cut it elsewhere.
  expect(look(9_000, 65 * mebibyte)).toBe(20 * mebibyte)
})

test('another take under its name is measured from its own beginning', () => {
  const look = recording(null)
  look(0, 4 * mebibyte)
  expect([look(2_000, 10 * mebibyte, '2'), look(4_000, 90 * mebibyte, '2')]).toEqual([null, null])
  expect(look(5_000, 100 * mebibyte, '2')).toBe(30 * mebibyte)
})

test('the rate of a folder is taken as it is, at the first look', () => {
  expect(recording(12_750_000)(0, 64 * mebibyte)).toBe(12_750_000)
})
