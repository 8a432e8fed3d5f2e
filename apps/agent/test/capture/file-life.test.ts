import { describe, expect, test } from 'vitest'
import type { FileLook } from '../../src/capture/file-identity.ts'
import {
  captureTimeOf,
  changeBetween,
  closed,
  firstGrowthOf,
  hasRested,
  inherit,
  isByOwnClock,
  isHeir,
  type LookContext,
  restingFile,
  see,
  type TrackedFile,
  type UnsettledFile,
} from '../../src/capture/file-life.ts'
import type { MountedVolume } from '../../src/capture/volume-table.ts'

const disk: MountedVolume = { id: 'disk', label: 'disk', mountPoint: '/', keepsInodes: true, tellsOfChanges: true }
const card: MountedVolume = { ...disk, id: 'card', keepsInodes: false }
const startAt = 1_800_000_000_000
const look = (more: Partial<FileLook> = {}): FileLook => ({
  sizeBytes: 10,
  mtimeNs: BigInt(startAt) * 1_000_000n,
  inode: 1n,
  device: 1n,
  ...more,
})
const at = (ms: number, more: Partial<LookContext> = {}): LookContext => ({
  ...{ now: startAt + ms, nowMs: ms, isFirstScan: false, startedAt: null, restMs: 2_000, lookGapMs: 250 },
  ...more,
})
function unsettled(file: TrackedFile): UnsettledFile {
  if (file.kind !== 'unsettled') throw new Error(`a ${file.kind} file is not unsettled`)
  return file
}
const begun = (more: Partial<LookContext> = {}, first = look(), volume = disk) =>
  unsettled(see(null, first, volume, at(0, more)).next)

describe('a file that is looked at', () => {
  test('for the first time while watching is told as growing since now', () => {
    expect(see(null, look(), disk, at(0)).tell).toEqual([{ kind: 'growing', since: startAt }])
  })

  test('for the first time in the first scan rests without a word', () => {
    expect(see(null, look(), disk, at(0, { isFirstScan: true })).tell).toEqual([])
  })

  test('and shows an hour later on a card, as another zone does, rests once more without a word, and is missed when it goes; on a disk it was written to', () => {
    const shifted = look({ mtimeNs: look().mtimeNs + 3_600_000_000_000n })
    const seen = see(restingFile('settled', look(), card), shifted, card, at(9_000))
    expect(seen.tell).toEqual([])
    expect(unsettled(seen.next)).toMatchObject({ look: shifted, wasThere: true, wasTold: true })
    const written = { kind: 'changed', change: 'written' }
    const secondLater = look({ mtimeNs: shifted.mtimeNs + 1_000_000_000n })
    expect(see(restingFile('settled', look(), card), secondLater, card, at(9_000)).tell).toContainEqual(written)
    const longer = look({ sizeBytes: 11, mtimeNs: shifted.mtimeNs })
    expect(see(restingFile('settled', look(), card), longer, card, at(9_000)).tell).toContainEqual(written)
    expect(see(restingFile('settled', look(), disk), shifted, disk, at(9_000)).tell).toContainEqual(written)
  })

  test('and, still being written, begins once more in its inode is another take, which begins now; one that is trimmed goes on', () => {
    const long = unsettled(see(begun(), look({ sizeBytes: 1_000 }), disk, at(1_000)).next)
    const anew = unsettled(see(long, look({ sizeBytes: 100 }), disk, at(60_000)).next)
    expect([anew.firstSeenAt, anew.wasThere]).toEqual([startAt + 60_000, false])
    const trimmed = unsettled(see(long, look({ sizeBytes: 900 }), disk, at(60_000)).next)
    expect(trimmed.firstSeenAt).toBe(startAt)
  })

  test.each([
    ['is written to once more', look(), { sizeBytes: 11 }, true],
    ['is trimmed', look(), { sizeBytes: 4 }, true],
    ['begins once more in its inode', look(), { sizeBytes: 0 }, false],
    ['gives way to another file', look(), { inode: 2n }, false],
    ['was empty until now', look({ sizeBytes: 0 }), { sizeBytes: 4 }, false],
  ])('and, at rest, %s: whether anybody saw it begin is told', (_, first, more, wasThere) => {
    const next = unsettled(see(restingFile('settled', first, disk), look(more), disk, at(60_000)).next)
    expect([next.firstSeenAt, next.wasThere]).toEqual([startAt + 60_000, wasThere])
  })

  test('and has not changed rests after the settle time and not a millisecond sooner', () => {
    const later = unsettled(see(begun(), look(), disk, at(1_999)).next)
    expect(hasRested(later, 1_999, 2_000)).toBe(false)
    expect(later.nextLookMs).toBe(2_000)
    expect(hasRested(later, 2_000, 2_000)).toBe(true)
  })

  test.each([
    ['grown', { sizeBytes: 11 }],
    ['shrunk', { sizeBytes: 9 }],
    ['written in place', { mtimeNs: look().mtimeNs + 1n }],
    ['replaced', { inode: 2n }],
  ])('and has %s begins to rest anew, and is told as growing', (_, more) => {
    const { next, tell } = see(begun(), look(more), disk, at(1_999))
    expect(tell.map(({ kind }) => kind)).toEqual(['growing'])
    expect(hasRested(unsettled(next), 3_998, 2_000)).toBe(false)
    expect(hasRested(unsettled(next), 3_999, 2_000)).toBe(true)
  })

  test('is looked at again no sooner than the gap, and no later than when it may have rested', () => {
    expect(begun().nextLookMs).toBe(250)
    expect(unsettled(see(begun(), look(), disk, at(1_900)).next).nextLookMs).toBe(2_000)
  })

  test('and was closed by its recorder rests a moment later, unless it is written to in that moment', () => {
    const shut = closed(begun(), 1_000)
    const moment = shut.nextLookMs - 1_000
    expect(moment).toBeLessThanOrEqual(100)
    const same = unsettled(see(shut, look(), disk, at(1_000 + moment)).next)
    expect([hasRested(same, 999 + moment, 2_000), hasRested(same, 1_000 + moment, 2_000)]).toEqual([false, true])
    expect(same.nextLookMs).toBe(1_000 + moment)
    const written = unsettled(see(shut, look({ sizeBytes: 11 }), disk, at(1_000 + moment)).next)
    expect(hasRested(written, 2_999, 2_000)).toBe(false)
  })

  const rests = { settled: true, known: true, refused: false } as const
  test.each(Object.entries(rests))('and was %s tells of a change to the queue that has it: %s', (kind, isTold) => {
    const before = restingFile(kind === 'settled' ? 'settled' : kind === 'known' ? 'known' : 'refused', look(), disk)
    expect(see(before, look(), disk, at(9_000))).toEqual({ next: before, tell: [] })
    const { tell } = see(before, look({ sizeBytes: 4 }), disk, at(9_000))
    expect(tell).toEqual([
      ...(isTold ? [{ kind: 'changed', change: 'truncated' }] : []),
      { kind: 'growing', since: startAt + 9_000 },
    ])
  })
})

test('an inode that changes says nothing where inodes are made up', () => {
  expect(changeBetween(look(), look({ inode: 2n }), disk)).toBe('replaced')
  expect(changeBetween(look(), look({ inode: 2n }), card)).toBeNull()
  expect(changeBetween(look(), look({ inode: 2n, sizeBytes: 11 }), card)).toBe('written')
})

describe('the first growth', () => {
  const modified = (ms: number) => look({ mtimeNs: BigInt(startAt + ms) * 1_000_000n })
  const grown = (mtimeMs: number, more: Partial<LookContext> = {}) =>
    unsettled(see(begun(more), { ...modified(mtimeMs), sizeBytes: 99 }, disk, at(500)).next)

  test('is when the file was first seen, if it changed after that', () => {
    expect(firstGrowthOf(grown(400))).toBe(startAt)
    expect(firstGrowthOf(begun({}, modified(1)))).toBe(startAt)
  })
  test('was not seen of a file that was there before', () =>
    expect(firstGrowthOf(grown(400, { isFirstScan: true }))).toBeNull())
  test('was not seen of a file that appears whole', () => expect(firstGrowthOf(begun({}, modified(-1)))).toBeNull())
  test('counts though a coarse clock of the file system sets the modification up to 2 s earlier', () => {
    expect(firstGrowthOf(grown(-1_900))).toBe(startAt)
  })
  test('of one that appears whole counts too where its time was cut to a pair of seconds that it appeared in', () => {
    expect(firstGrowthOf(begun({ now: startAt + 1_900 }))).toBe(startAt + 1_900)
    expect(firstGrowthOf(begun({ now: startAt + 2_001 }))).toBeNull()
    expect(firstGrowthOf(begun({ now: startAt + 1_900 }, look({ mtimeNs: look().mtimeNs + 1n })))).toBeNull()
  })
  test('does not count when the modification time was set back after copying', () =>
    expect(firstGrowthOf(grown(-86_400_000))).toBeNull())
  test('is when its temporary name was first seen', () => {
    expect(firstGrowthOf(begun({ startedAt: startAt - 60_000 }, modified(0)))).toBe(startAt - 60_000)
    expect(firstGrowthOf(begun({ startedAt: 'unknown' }, modified(1)))).toBeNull()
  })

  test('of a file that was there stands in for the start only if neither file nor file system know better', () => {
    const file = grown(400, { isFirstScan: true })
    expect(captureTimeOf(file, null, null)).toEqual({ at: startAt, source: 'firstGrowth' })
    expect(captureTimeOf(file, null, startAt - 5_000)).toEqual({ at: startAt - 5_000, source: 'birth' })
    expect(captureTimeOf(file, startAt - 9_000, startAt - 5_000)).toEqual({ at: startAt - 9_000, source: 'embedded' })
    expect(captureTimeOf(grown(400), startAt - 9_000, null)).toEqual({ at: startAt, source: 'firstGrowth' })
  })
})

describe('the capture time of a file', () => {
  const appeared = (writtenBeforeMs: number, more: Partial<LookContext> = {}) =>
    begun(more, look({ mtimeNs: BigInt(startAt - writtenBeforeMs) * 1_000_000n }))
  const byOwnClock = (file: UnsettledFile, embeddedAt: number | null = null) =>
    isByOwnClock(file, captureTimeOf(file, embeddedAt, null))

  test('is by our own clock when it was written a moment before it appeared, or seen to grow', () => {
    expect(byOwnClock(appeared(10_000))).toBe(true)
    expect(byOwnClock(appeared(-1))).toBe(true)
    expect(byOwnClock(appeared(0, { startedAt: startAt - 60_000 }))).toBe(true)
  })
  test('may be by any clock when it was written long before it appeared, or by one that runs ahead', () => {
    expect(byOwnClock(appeared(10_001))).toBe(false)
    expect(byOwnClock(appeared(-10_001, { isFirstScan: true }))).toBe(false)
  })
  test('may be by any clock when it was there before, or its recorder wrote it into the file', () => {
    expect(byOwnClock(appeared(1, { isFirstScan: true }))).toBe(false)
    expect(byOwnClock(appeared(1), startAt - 9_000)).toBe(false)
  })
})

describe('a file whose name went away', () => {
  const heir = unsettled(see(null, look(), disk, at(5_000)).next)

  test('goes on under another name with the same inode, size and time, and need not rest again', () => {
    const gone = restingFile('settled', look(), disk)
    expect(isHeir(heir, gone)).toBe(true)
    expect(hasRested(inherit(heir, gone), 5_001, 2_000)).toBe(true)
  })
  test('need not rest again either when its recorder had closed it before', () => {
    const heirOfClosed = inherit(heir, closed(begun({}, look({ sizeBytes: 3 })), 4_000))
    expect(hasRested(heirOfClosed, 5_000, 2_000)).toBe(true)
  })
  test('keeps its beginning when it is renamed while it grows, whatever its size is now', () => {
    const gone = begun({}, look({ sizeBytes: 3 }))
    expect(isHeir(heir, gone)).toBe(true)
    expect(inherit(heir, gone)).toMatchObject({ firstSeenAt: startAt, hasRested: false })
  })
  test.each([
    ['another inode', look({ inode: 2n }), disk],
    ['another size', look({ sizeBytes: 11 }), disk],
    ['another volume', look(), { ...disk, id: 'other' }],
    ['a volume that makes inodes up', look(), card],
  ])('has no heir in a file with %s', (_, seen, volume) => {
    const candidate = unsettled(see(null, seen, volume, at(5_000)).next)
    expect(isHeir(candidate, restingFile('settled', look(), volume === card ? card : disk))).toBe(false)
  })
})
