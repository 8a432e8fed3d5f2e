import { expect, test } from 'vitest'
import { addUpload } from '../../src/queue/add-upload.ts'
import { applyUploadEvent } from '../../src/queue/apply-upload-event.ts'
import { pinUploads } from '../../src/queue/decisions.ts'
import { beginGrowth } from '../../src/queue/growths.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { readEvents } from '../../src/queue/outbox.ts'
import { acknowledgePart, claimPart } from '../../src/queue/part-claims.ts'
import { stateTotals } from '../../src/queue/queue-reports.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { nextDueAt } from '../../src/queue/waits.ts'
import { addAndRead, addClip, overheard, startOfTime, testQueue } from './test-queue.ts'

const small = 5_242_880
const large = small + 1

/** Registers the next clip with parts of the given number; its name. */
function register(queue: Queue, partCount = 1): string | undefined {
  const claim = claimRegistration(queue, 1_000)
  if (claim === null) return undefined
  const { sizeBytes, name } = claim.upload
  const parts = Array.from({ length: partCount }, (_, index) => ({
    number: index + 1,
    offset: index,
    sizeBytes: index + 1 < partCount ? 1 : sizeBytes - index,
    url: 'http://127.0.0.1:1/',
  }))
  recordCreated(queue, claim, { assetId: `asset-${name}`, urlsIssuedAt: startOfTime, parts })
  return name
}
const registerAll = (queue: Queue): string[] => {
  const names: string[] = []
  for (let name = register(queue); name !== undefined; name = register(queue)) names.push(name)
  return names
}
const clip = (queue: Queue, name: string, sizeBytes: number, minute: number, newestFirst = false) =>
  addClip(queue, sizeBytes, { name, capturedAt: startOfTime + minute * 60_000, newestFirst })

test('small files up to 5 MiB go first, a byte more is a large clip, each by age as the watch folder says', () => {
  const { queue } = testQueue()
  clip(queue, 'large-new', large, 9)
  clip(queue, 'large-old', large, 1)
  clip(queue, 'small-new', small, 8)
  clip(queue, 'small-old', small, 2)
  // The first large one gets its asset at once, so that it is never starved.
  expect(registerAll(queue)).toEqual(['large-old', 'small-old', 'small-new', 'large-new'])
})

test('a folder that wants the newest first gets it, small files still before large ones', () => {
  const { queue } = testQueue()
  clip(queue, 'old', small, 1, true)
  clip(queue, 'large', large, 9, true)
  clip(queue, 'new', small, 5, true)
  register(queue)
  expect(registerAll(queue)).toEqual(['new', 'old'])
})

test('what an operator pins goes before everything else, in the order of pinning, and back in its place when it is unpinned', () => {
  const { queue, clock } = testQueue()
  clip(queue, 'small', small, 1)
  const pinnedLater = clip(queue, 'pinned-later', large, 2)
  const pinned = clip(queue, 'pinned', large, 9)
  const unpinned = clip(queue, 'unpinned', large, 8)
  expect(pinUploads(queue, [pinned.id, unpinned.id, 'nobody'], true)).toEqual([pinned.id, unpinned.id])
  clock.now += 1
  expect(pinUploads(queue, [pinnedLater.id], true)).toEqual([pinnedLater.id])
  expect(pinUploads(queue, [unpinned.id, pinnedLater.id], false)).toEqual([unpinned.id, pinnedLater.id])
  expect(pinUploads(queue, [pinnedLater.id], true)).toEqual([pinnedLater.id])
  expect(registerAll(queue)).toEqual(['pinned', 'pinned-later', 'small', 'unpinned'])
})

test('every fourth part goes to the oldest large clip, however many small files wait and whatever the folder says of age', () => {
  const { queue } = testQueue()
  clip(queue, 'large-new', large, 9, true)
  clip(queue, 'large-old', large, 1, true)
  for (let minute = 10; minute < 30; minute++) clip(queue, 'small', small, minute)
  for (let count = 0; count < 22; count++) register(queue, 8)
  const names = Array.from({ length: 12 }, () => claimPart(queue)?.upload.name)
  expect(names.filter((name) => name === 'large-old')).toHaveLength(3)
  expect(names.map((name, index) => (name === 'large-old' ? index % 4 : null)).filter((turn) => turn !== null)).toEqual(
    [3, 3, 3],
  )
  expect(names.filter((name) => name === 'small')).toHaveLength(9)
})

test('a large clip has an asset while small files fill all places, and a second one waits for its turn', () => {
  const { queue } = testQueue()
  for (let count = 0; count < 5; count++) clip(queue, `small-${count}`, small, count)
  clip(queue, 'large-1', large, 50)
  clip(queue, 'large-2', large, 51)
  expect([register(queue), register(queue), register(queue)]).toEqual(['large-1', 'small-0', 'small-1'])
})

test('nothing that arrived is lost when another upload is pinned', () => {
  const { queue } = testQueue()
  const first = clip(queue, 'first', large, 1)
  register(queue, 3)
  const claim = claimPart(queue)
  if (claim === null) throw new Error('there is a part')
  acknowledgePart(queue, claim, '0123456789abcdef', false)
  const second = clip(queue, 'second', large, 2)
  pinUploads(queue, [second.id], true)
  register(queue)
  expect(claimPart(queue)?.upload.name).toBe('second')
  expect(claimPart(queue)).toMatchObject({ upload: { id: first.id, bytesAcknowledged: 1 }, number: 2 })
})

test('claims read their order from an index and sort nothing', () => {
  const { queue } = testQueue()
  const said = new Set<string>()
  const listening = {
    ...queue,
    sql(statement: string) {
      said.add(statement)
      return queue.sql(statement)
    },
  }
  addClip(queue, small)
  for (let count = 0; count < 8; count++) claimPart(listening)
  register(listening, 8)
  for (let count = 0; count < 4; count++) {
    clip(queue, 'large', large, 1)
    register(queue, 8)
  }
  // With as many large clips open as may be.
  claimRegistration(listening, 32)
  for (let count = 0; count < 8; count++) claimPart(listening)
  for (const limits of [
    { small: 9, large: 0, all: 18 },
    { small: 0, large: 9, all: 18 },
  ]) {
    listening.partLimits = limits
    claimPart(listening)
    clip(queue, 'large', large, 1)
    register(queue, 32)
  }
  const ordered = [...said].filter((statement) => statement.includes('ORDER BY'))
  expect(ordered).toHaveLength(8)
  for (const statement of ordered) {
    const plan = queue.db.prepare(`EXPLAIN QUERY PLAN ${statement}`).all(...(statement.includes('?') ? [0] : []))

    expect(plan.map(({ detail }) => String(detail)).join('\n')).not.toMatch(/TEMP B-TREE|SCAN [^l]/)
  }
})

test('counts by state stay right through additions, changes and removals, also of a queue from before they were kept', () => {
  const { queue } = testQueue()
  const [kept, gone] = [addClip(queue, 3_000), addClip(queue, 4_000)]
  register(queue)
  const claim = claimPart(queue)
  if (claim === null) throw new Error('there is a part')
  acknowledgePart(queue, claim, '0123456789abcdef', false)
  applyUploadEvent(queue, gone.id, { kind: 'cancelled', reason: 'cancelledOnDevice' })
  addUpload(queue, {
    file: { ...kept.source, identityKey: null, statKey: null, path: '/card/growing.mov' },
    ...{ name: 'growing.mov', mimeType: 'video/quicktime', channel: 0, capturedAt: null, entry: { kind: 'growing' } },
  })
  const counted = queue.db
    .prepare(
      'SELECT state, count(*) AS count, sum(size_bytes) AS sizeBytes, sum(bytes_acknowledged) AS acknowledgedBytes, sum(bytes_lost) AS lostBytes FROM uploads GROUP BY state ORDER BY state',
    )
    .all()
  expect(stateTotals(queue)).toEqual(counted.map((row) => ({ ...row })))
  readEvents(queue, 0, 100)
  queue.db.exec(`DELETE FROM uploads WHERE id = '${gone.id}'`)
  expect(stateTotals(queue).map(({ state }) => state)).not.toContain('cancelled')
})

test('no more parts of a class are claimed than may be on their way, and one that ends makes room for its class', () => {
  const { queue } = testQueue()
  clip(queue, 'large', large, 1)
  for (let minute = 2; minute < 6; minute++) clip(queue, 'small', small, minute)
  for (let count = 0; count < 5; count++) register(queue, 4)
  queue.partLimits = { small: 2, large: 1, all: 3 }
  const claims = Array.from({ length: 6 }, () => claimPart(queue))
  expect(claims.flatMap((claim) => claim?.upload.name ?? []).sort()).toEqual(['large', 'small', 'small'])
  const sending = claims.find((claim) => claim?.upload.name === 'large')
  if (sending == null) throw new Error('a large part is on its way')
  expect(acknowledgePart(queue, sending, '0123456789abcdef', true).next?.upload.name).toBe('large')
  expect(claimPart(queue)).toBeNull()
})

test('many large clips do not all get addresses that grow old, and small files are registered past them', () => {
  const { queue } = testQueue()
  for (let minute = 0; minute < 12; minute++) clip(queue, `large-${minute}`, large, minute)
  const names = Array.from({ length: 12 }, () => {
    const claim = claimRegistration(queue, 64)
    if (claim === null) return null
    const part = { number: 1, offset: 0, sizeBytes: large, url: 'http://127.0.0.1:1/' }
    recordCreated(queue, claim, { assetId: claim.upload.id, urlsIssuedAt: startOfTime, parts: [part] })
    return claim.upload.name
  })
  expect(names.filter((name) => name !== null)).toHaveLength(8)
  clip(queue, 'small', small, 20)
  expect(claimRegistration(queue, 64)?.upload.name).toBe('small')
})

/** Queues a file that is still being written. */
function beginRecording(queue: Queue, name: string, minute: number): void {
  const source = {
    ...{ volumeId: 'volume-1', inode: name, inodeIsStable: true, sizeBytes: large, modifiedUs: 1 },
    ...{ identityKey: null, statKey: null },
  }
  const upload = addAndRead(queue, {
    file: { ...source, path: `/card/${name}.mov`, watchFolder: '/card' },
    ...{ name, mimeType: 'video/quicktime', channel: 0, capturedAt: startOfTime + minute * 60_000 },
    entry: { kind: 'growing' },
  })
  beginGrowth(queue, upload, { bytesPerSecond: 5_242_880, extension: '.mov', source })
}
const registerIfMay = (queue: Queue): string | null => {
  const claim = claimRegistration(queue, 64)
  if (claim === null) return null
  const { sizeBytes, isRealtime, name } = claim.upload
  const part = { number: 1, offset: 0, sizeBytes, url: 'http://127.0.0.1:1/' }
  recordCreated(queue, claim, { assetId: name, urlsIssuedAt: startOfTime, parts: isRealtime ? [] : [part] })
  return name
}
const registerAllThatMay = (queue: Queue): string[] => {
  const names: string[] = []
  for (let name = registerIfMay(queue); name !== null; name = registerIfMay(queue)) names.push(name)
  return names
}

test('every recording gets its asset at once, however many there are and however many large clips are open', () => {
  const { queue } = testQueue()
  for (let minute = 0; minute < 12; minute++) clip(queue, `large-${minute}`, large, minute)
  expect(registerAllThatMay(queue)).toHaveLength(8)
  clip(queue, 'small', small, 1)
  const recordings = Array.from({ length: 10 }, (_, index) => `recording-${index}`)
  for (const name of recordings) beginRecording(queue, name, 20)
  const names = registerAllThatMay(queue)
  expect(names.slice(0, 10).sort()).toEqual(recordings)
  expect(names.slice(10)).toEqual(['small'])
})

test('recordings take no places of large clips', () => {
  const { queue } = testQueue()
  for (let minute = 0; minute < 10; minute++) beginRecording(queue, `recording-${minute}`, minute)
  for (let minute = 0; minute < 12; minute++) clip(queue, `large-${minute}`, large, minute)
  expect(registerAllThatMay(queue)).toHaveLength(10 + 8)
})

test('a pinned large clip gets its asset however many large clips are open, and no other does', () => {
  const { queue } = testQueue()
  for (let minute = 0; minute < 12; minute++) clip(queue, `large-${minute}`, large, minute)
  expect(registerAllThatMay(queue)).toHaveLength(8)
  const pinned = clip(queue, 'pinned', large, 30)
  pinUploads(queue, [pinned.id], true)
  expect(registerAllThatMay(queue)).toEqual(['pinned'])
})

test('small files that failed before are registered past open large clips too, after those that did not', () => {
  const { queue } = testQueue()
  for (let minute = 0; minute < 12; minute++) clip(queue, `large-${minute}`, large, minute)
  expect(registerAllThatMay(queue)).toHaveLength(8)
  const behind = clip(queue, 'behind', small, 1)
  clip(queue, 'fresh', small, 2)
  queue.db.exec(`UPDATE uploads SET deprioritised = 1 WHERE id = '${behind.id}'`)
  expect(registerAllThatMay(queue)).toEqual(['fresh', 'behind'])
})

test('where the newest come first and never stop coming, one of the places of large clips is always for the oldest', () => {
  const { queue } = testQueue()
  for (let minute = 0; minute < 14; minute++) clip(queue, `large-${minute}`, large, minute, true)
  const newest = [13, 12, 11, 10, 9, 8, 7].map((minute) => `large-${minute}`)
  expect(registerAllThatMay(queue)).toEqual(['large-0', ...newest])
  const registered: string[] = []
  for (let minute = 20; minute < 36; minute++) {
    clip(queue, `newer-${minute}`, large, minute, true)
    const claim = claimPart(queue)
    if (claim === null) throw new Error('there is a part')
    acknowledgePart(queue, claim, '0123456789abcdef', false)
    registered.push(...registerAllThatMay(queue))
  }
  // One part in four was that of the oldest, and the one after it had its place at once; all other places went to the newest.
  expect(registered.filter((name) => name.startsWith('large'))).toEqual(['large-1', 'large-2', 'large-3', 'large-4'])
  expect(registered.filter((name) => name.startsWith('newer'))).toHaveLength(12)
})

test('of large clips that are registered at once one takes the place of the oldest, and what has failed takes it from none', () => {
  const { queue } = testQueue()
  const failed = clip(queue, 'failed', large, 0, true)
  queue.db.exec(`UPDATE uploads SET deprioritised = 1 WHERE id = '${failed.id}'`)
  for (const minute of [1, 2, 3, 4]) clip(queue, `large-${minute}`, large, minute, true)
  const names = Array.from({ length: 5 }, () => claimRegistration(queue, 64)?.upload.name)
  expect(names).toEqual(['large-1', 'large-4', 'large-3', 'large-2', 'failed'])
})

test('a small file is claimed without a look at the large ones while one of them is open, and what is recorded goes before the oldest', () => {
  const { queue } = testQueue()
  clip(queue, 'open', large, 9, true)
  expect(registerIfMay(queue)).toBe('open')
  clip(queue, 'oldest', large, 1, true)
  clip(queue, 'small', small, 5)
  const { listening, said } = overheard(queue)
  expect(claimRegistration(listening, 64)?.upload.name).toBe('small')
  expect(said.filter((statement) => statement.includes('_large'))).toEqual([])
  beginRecording(queue, 'recording', 20)
  expect([registerIfMay(queue), registerIfMay(queue)]).toEqual(['recording', 'oldest'])
})

test('the timekeeper does not look at every clip that was ever uploaded', () => {
  const { queue } = testQueue()
  const { listening, said } = overheard(queue)
  nextDueAt(listening)
  const plan = said.flatMap((statement) => queue.db.prepare(`EXPLAIN QUERY PLAN ${statement}`).all())
  const details = plan.map(({ detail }) => String(detail))
  expect(details).toContain('SEARCH u USING INDEX sqlite_autoindex_uploads_1 (id=?)')
})
