import { assets, auditEvents, clipMedia, clipTrash, projects } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { and, asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { findClipContent } from '../../src/assets/find-content.ts'
import { findVerification } from '../../src/assets/find-verification.ts'
import { finishVerification } from '../../src/assets/finish-verification.ts'
import { getClip } from '../../src/assets/get-clip.ts'
import { listOwnAssets } from '../../src/assets/list-own.ts'
import { readAssetStatus } from '../../src/assets/read-status.ts'
import { recordCustody } from '../../src/assets/record-custody.ts'
import { emptyTrash } from '../../src/clips/empty-trash.ts'
import { listTrash, summarizeTrash } from '../../src/clips/list-trash.ts'
import { claimRemovals, deferRemoval, finishRemoval, maxRemovalAttempts } from '../../src/clips/removals.ts'
import { restoreClips } from '../../src/clips/restore.ts'
import { previewRetention, setRetention } from '../../src/clips/retention.ts'
import { giveUpOverdue, trashAged } from '../../src/clips/retire.ts'
import { trashClips } from '../../src/clips/trash.ts'
import { getProjectOverview } from '../../src/projects/overview.ts'
import { countUploads, listUploads } from '../../src/uploads/list-uploads.ts'
import { seed } from '../reads/seed.ts'

let database: TestDatabase
let project: { id: string; name: string }
let device: { id: string; name: string }
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  // The verbs of retention look at every project.
  await database.pool.query('truncate clip_trash')
  const put = seed(database.db)
  project = await put.project('Harbour Nights')
  device = await put.device('A-Cam', { projectId: project.id })
})

const start = new Date('2026-11-22T12:00:00Z')
const day = (n: number) => new Date(start.getTime() + n * 86_400_000)
const ana = { kind: 'person', id: 'ana', name: 'Ana' } as const
const at = (n = 0) => ({ db: database.db, now: day(n) })
const by = (n = 0) => ({ ...at(n), actor: ana })

type Over = Parameters<ReturnType<typeof seed>['asset']>[2]
const clip = async (over: Over = {}) => {
  const id = await seed(database.db).asset(device.id, project.id, { state: 'available', custody: 'verified', ...over })
  await database.db.insert(clipMedia).values({ assetId: id })
  return id
}
const trash = (assetIds: string[], n = 0, reason: string | null = null) => trashClips(by(n), { assetIds, reason })
const restore = (assetIds: string[], n = 0) => restoreClips(by(n), { assetIds, reason: null })
const empty = (clipCount: number, n = 0, asOf = day(n)) =>
  emptyTrash(by(n), { projectId: project.id, clipCount, asOf, reason: null })
const stateOf = async (assetId: string) =>
  (await database.db.select().from(clipTrash).where(eq(clipTrash.assetId, assetId)))[0]?.state
const listed = async () =>
  (await listUploads(at(), { filter: { projectId: project.id }, after: null, limit: 50 })).rows.map(
    (row) => row.assetId,
  )
const inTrash = async (n = 0) => (await listTrash(at(n), { projectId: project.id, after: null, limit: 50 })).clips
const actions = async (assetId: string) =>
  (
    await database.db
      .select({ action: auditEvents.action, actor: auditEvents.actorName, reason: auditEvents.reason })
      .from(auditEvents)
      .where(and(eq(auditEvents.targetKind, 'clip'), eq(auditEvents.targetId, assetId)))
      .orderBy(asc(auditEvents.id))
  ).map(({ action, actor, reason }) => [action, actor, reason])

describe('a clip in the trash', () => {
  test('is in no list and no count, and listed in the trash with who, when, why and until when', async () => {
    const [kept, gone] = [await clip(), await clip({ name: 'B.mov' })]
    const reported = await clip({ name: 'C.mov' })
    await seed(database.db).upload(device.id, {
      uploadId: `u-${reported}`,
      assetId: reported,
      projectId: project.id,
      state: 'verified',
    })
    const outcome = await trash([gone, reported], 0, 'a false start')
    expect(outcome).toEqual({ kind: 'trashed', assetIds: [gone, reported].toSorted(), skipped: [] })
    expect(await listed()).toEqual([kept])
    expect(await countUploads(at(), { filter: { projectId: project.id } })).toEqual({ verified: 1 })
    expect(await getProjectOverview(at(), { projectId: project.id })).toMatchObject({
      project: {
        clips: { availableCount: 1, verifiedCount: 1, availableBytes: 1000 },
        trash: { clipCount: 2, byteCount: 2000 },
      },
    })
    expect((await inTrash()).find((one) => one.assetId === gone)).toMatchObject({
      name: 'B.mov',
      trashedBy: { kind: 'person', name: 'Ana' },
      trashedAt: day(0).toISOString(),
      removesAt: day(30).toISOString(),
      reason: 'a false start',
      removing: null,
    })
    expect(await actions(gone)).toEqual([['clip.trash', 'Ana', 'a false start']])
    expect(await getClip(at(), { assetId: gone })).toMatchObject({ clip: { trash: { state: 'trashed', by: 'Ana' } } })
    expect(await findClipContent(at(), { assetId: gone })).toMatchObject({ isInTrash: true })
  })

  test('comes back where it was, as often as people like', async () => {
    const id = await clip()
    for (const n of [1, 2]) {
      await trash([id], n)
      expect(await restore([id], n)).toEqual({ kind: 'restored', assetIds: [id], skipped: [] })
    }
    expect(await listed()).toEqual([id])
    expect(await inTrash()).toEqual([])
    expect(await getClip(at(), { assetId: id })).toMatchObject({ clip: { trash: null, state: 'available' } })
    expect(await findClipContent(at(), { assetId: id })).toMatchObject({ isInTrash: false })
    expect((await actions(id)).map(([action]) => action)).toEqual([
      'clip.trash',
      'clip.restore',
      'clip.trash',
      'clip.restore',
    ])
  })

  test('stays available and verified for its device, in the trash and after it is gone for good', async () => {
    const id = await clip()
    await seed(database.db).part(id, 1, {
      acknowledgedAt: day(0),
      deviceXxh64: 'aa',
      storedXxh64: 'aa',
      isFinal: true,
      sizeBytes: 1000,
    })
    const told = () => readAssetStatus(at(), { deviceId: device.id, assetId: id })
    const truth = { id, status: 'available', verified: 'verified', missing: [], mismatch: null }
    await trash([id])
    expect(await told()).toEqual(truth)
    await empty(1)
    expect(await told()).toEqual(truth)
    await finishRemoval(at(), { assetId: id })
    expect(await told()).toEqual(truth)
    expect(await findClipContent(at(), { assetId: id })).toBeNull()
    const own = await listOwnAssets(at(), { deviceId: device.id, since: new Date(0), after: null, limit: 5 })
    expect(own).toMatchObject([{ id, status: 'available', verified: 'verified' }])
    expect(await getClip(at(), { assetId: id })).toMatchObject({
      clip: { custody: { state: 'verified' }, trash: { state: 'removed' } },
    })
  })

  test('goes there only when it is whole, once, and by a person', async () => {
    const [open, there, unknown] = [await clip({ state: 'created', custody: 'no' }), await clip(), crypto.randomUUID()]
    await trash([there])
    expect((await trash([open, there, unknown, unknown])).skipped).toEqual([
      { assetId: open, because: 'notAvailable' },
      { assetId: there, because: 'inTrash' },
      { assetId: unknown, because: 'clipUnknown' },
    ])
    await empty(1)
    expect((await trash([there])).skipped).toEqual([{ assetId: there, because: 'removed' }])
    expect(await restore([open, there, unknown])).toEqual({
      kind: 'restored',
      assetIds: [],
      skipped: [
        { assetId: open, because: 'notInTrash' },
        { assetId: there, because: 'removed' },
        { assetId: unknown, because: 'notInTrash' },
      ],
    })
    const asDevice = { ...at(), actor: { kind: 'device', id: device.id, name: 'A-Cam' } as const }
    await expect(trashClips(asDevice, { assetIds: [await clip()], reason: null })).rejects.toThrow('a device cannot')
  })

  test('is trashed once by two operators at the same time, and one of them hears of it', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => clip()))
    const outcomes = await Promise.all([trash(ids), trash(ids.toReversed()), trash(ids)])
    expect(outcomes.flatMap((outcome) => outcome.assetIds).toSorted()).toEqual(ids.toSorted())
    expect(outcomes.flatMap((outcome) => outcome.skipped)).toHaveLength(10)
    expect(await actions(ids[0] ?? '')).toHaveLength(1)
  })
})

describe('a clip that is verified while it is in the trash', () => {
  const pending = async () => {
    const id = await clip({ custody: 'pending' })
    await seed(database.db).part(id, 1, { acknowledgedAt: day(0), deviceXxh64: 'aa', isFinal: true, sizeBytes: 1000 })
    return id
  }

  test('is read and judged as any other, and removed only then', async () => {
    const id = await pending()
    await trash([id])
    expect(await empty(1)).toEqual({ kind: 'emptied', removingCount: 0, leftCount: 1 })
    expect(await giveUpOverdue(at(31), { limit: 10 })).toBe(0)
    expect(await findVerification(at(), { assetId: id })).not.toBeNull()
    await finishVerification(at(), {
      assetId: id,
      stored: [{ number: 1, xxh64: 'aa' }],
      fileXxh64: 'ff',
      isThere: true,
    })
    expect(await empty(1)).toEqual({ kind: 'emptied', removingCount: 1, leftCount: 0 })
    expect(await stateOf(id)).toBe('removing')
  })

  test('is not read any more once it is given up: digests that come late are kept, and nothing is called a loss', async () => {
    const id = await clip({ custody: 'sizeChecked' })
    await seed(database.db).part(id, 1, { acknowledgedAt: day(0), isFinal: true, sizeBytes: 1000 })
    await trash([id])
    await empty(1)
    const custody = { parts: [{ number: 1, offset: 0, size: 1000, xxh64: '00000000000000aa' }] }
    expect(await recordCustody(at(), { deviceId: device.id, assetId: id, custody })).toEqual({
      kind: 'recorded',
      verify: false,
    })
    expect(await readAssetStatus(at(), { deviceId: device.id, assetId: id })).toMatchObject({ verified: 'sizeChecked' })
  })

  test('is never given up while its digests are just being written down', async () => {
    const id = await clip({ custody: 'sizeChecked' })
    await trash([id])
    const other = await database.pool.connect()
    try {
      await other.query('begin')
      await other.query("update assets set custody = 'pending' where id = $1", [id])
      const emptying = empty(1)
      await vi.waitUntil(async () => {
        const waiting = await database.pool.query(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
        return waiting.rows.length > 0
      })
      await other.query('commit')
      expect(await emptying).toEqual({ kind: 'emptied', removingCount: 0, leftCount: 1 })
      expect(await stateOf(id)).toBe('trashed')
    } finally {
      other.release()
    }
  })
})

describe('removing for good', () => {
  test('begins with the intent and its audit, stops what is still to be read, and ends once the bytes are gone', async () => {
    const id = await clip()
    await trash([id])
    expect(await empty(1)).toEqual({ kind: 'emptied', removingCount: 1, leftCount: 0 })
    expect((await inTrash())[0]).toMatchObject({ assetId: id, removing: { lastError: null, isGivenUp: false } })
    expect((await actions(id)).map(([action]) => action)).toEqual(['clip.trash', 'clip.remove'])
    const [media] = await database.db.select().from(clipMedia).where(eq(clipMedia.assetId, id))
    expect(media?.state).toBe('none')
    expect(await claimRemovals(at(), { limit: 5, leaseUntil: day(1) })).toEqual([
      { assetId: id, storeKey: id, attempt: 1 },
    ])
    expect(await claimRemovals(at(), { limit: 5, leaseUntil: day(1) })).toEqual([])
    await finishRemoval(at(), { assetId: id })
    expect(await inTrash()).toEqual([])
    expect(await stateOf(id)).toBe('removed')
    expect(await summarizeTrash(at(), { projectId: project.id })).toMatchObject({ clipCount: 0, removingCount: 0 })
  })

  test('that fails is tried again later, a bounded number of times, and then when somebody asks for it', async () => {
    const id = await clip()
    await trash([id])
    await empty(1)
    for (let n = 1; n <= maxRemovalAttempts; n++) {
      expect(await claimRemovals(at(n), { limit: 5, leaseUntil: day(n + 0.5) })).toMatchObject([{ attempt: n }])
      await deferRemoval(at(n), { assetId: id, retryAt: day(n + 1), error: 'the disk is read-only' })
      expect(await claimRemovals(at(n), { limit: 5, leaseUntil: day(n + 0.5) })).toEqual([])
    }
    expect(await claimRemovals(at(100), { limit: 5, leaseUntil: day(101) })).toEqual([])
    expect((await inTrash())[0]?.removing).toMatchObject({ lastError: 'the disk is read-only', isGivenUp: true })
    expect(await empty(0)).toEqual({ kind: 'emptied', removingCount: 0, leftCount: 0 })
    expect(await claimRemovals(at(100), { limit: 5, leaseUntil: day(101) })).toMatchObject([
      { assetId: id, attempt: 1 },
    ])
  })

  test('takes nothing along that the person has not seen', async () => {
    const [seen, later] = [await clip(), await clip()]
    await trash([seen], 1)
    await trash([later], 3)
    expect(await empty(2, 4, day(2))).toEqual({ kind: 'trashChanged', clipCount: 1 })
    expect(await empty(1, 4, day(2))).toMatchObject({ kind: 'emptied', removingCount: 1 })
    expect([await stateOf(seen), await stateOf(later)]).toEqual(['removing', 'trashed'])
    expect(
      await emptyTrash(by(), { projectId: crypto.randomUUID(), clipCount: 0, asOf: day(0), reason: null }),
    ).toEqual({ kind: 'projectUnknown' })
  })
})

describe('retention', () => {
  const set = (trashDays: number, clipDays: number | null, n = 0) =>
    setRetention(by(n), { projectId: project.id, trashDays, clipDays, reason: null })

  test('gives up what its project has kept in the trash for long enough, and nothing a moment earlier', async () => {
    const id = await clip()
    await trash([id])
    expect(await giveUpOverdue({ ...at(), now: new Date(day(30).getTime() - 1) }, { limit: 10 })).toBe(0)
    expect(await giveUpOverdue(at(30), { limit: 10 })).toBe(1)
    expect(await stateOf(id)).toBe('removing')
    expect((await actions(id)).at(-1)?.slice(0, 2)).toEqual(['clip.remove', 'Retention'])
  })

  test('works in bounded steps, the longest in the trash first', async () => {
    const ids = [await clip(), await clip(), await clip()]
    for (const [n, id] of ids.entries()) await trash([id], n)
    expect(await giveUpOverdue(at(60), { limit: 2 })).toBe(2)
    expect(await Promise.all(ids.map(stateOf))).toEqual(['removing', 'removing', 'trashed'])
    expect(await giveUpOverdue(at(60), { limit: 2 })).toBe(1)
  })

  test('throws no clip away by its age unless the project says so, and then counts from arrival or the last restoring', async () => {
    const old = await clip({ availableAt: day(-100) })
    const checked = await clip({ availableAt: day(-100), custody: 'pending' })
    expect(await trashAged(at(), { limit: 10 })).toBe(0)
    expect(await previewRetention(at(), { projectId: project.id, trashDays: 30, clipDays: 90 })).toMatchObject({
      trashed: { clipCount: 2, byteCount: 2000 },
      removed: { clipCount: 0 },
    })
    expect(await set(30, 90)).toEqual({ kind: 'set', before: { trashDays: 30, clipDays: null } })
    expect(await trashAged(at(), { limit: 10 })).toBe(1)
    expect([await stateOf(old), await stateOf(checked)]).toEqual(['trashed', undefined])
    expect((await inTrash())[0]?.trashedBy).toEqual({ kind: 'system', name: 'Retention' })
    await restore([old])
    expect(await trashAged(at(89), { limit: 10 })).toBe(0)
    expect(await trashAged(at(90), { limit: 10 })).toBe(1)
  })

  test('says what other days would do at once', async () => {
    await trash([await clip()])
    await trash([await clip()], 8)
    const preview = (trashDays: number) =>
      previewRetention(at(10), { projectId: project.id, trashDays, clipDays: null })
    expect((await preview(30)).removed).toEqual({ clipCount: 0, byteCount: 0 })
    expect((await preview(5)).removed).toEqual({ clipCount: 1, byteCount: 1000 })
  })

  test('takes whole days within bounds, with an audit row for what changed', async () => {
    for (const [trashDays, clipDays] of [
      [0, null],
      [3_651, null],
      [1.5, null],
      [30, 0],
      [Number.NaN, null],
    ] as const)
      expect(await set(trashDays, clipDays)).toEqual({ kind: 'daysInvalid', maxDays: 3_650 })
    await set(7, null)
    await set(7, null)
    const rows = await database.db.select().from(auditEvents).where(eq(auditEvents.targetId, project.id))
    expect(rows).toMatchObject([
      {
        action: 'project.setRetention',
        before: { trashDays: 30, clipDays: null },
        after: { trashDays: 7, clipDays: null },
      },
    ])
    const [kept] = await database.db.select().from(projects).where(eq(projects.id, project.id))
    expect(kept).toMatchObject({ trashDays: 7, clipDays: null })
    expect(
      await setRetention(by(), { projectId: crypto.randomUUID(), trashDays: 7, clipDays: null, reason: null }),
    ).toEqual({ kind: 'projectUnknown' })
  })
})

test('the trash is listed page by page, the last one thrown away first', async () => {
  const ids = [await clip(), await clip(), await clip()]
  await trash(ids.slice(0, 2), 1)
  await trash(ids.slice(2), 2)
  const first = await listTrash(at(), { projectId: project.id, after: null, limit: 2 })
  const second = await listTrash(at(), { projectId: project.id, after: first.next, limit: 2 })
  expect([...first.clips, ...second.clips].map((one) => one.assetId)).toEqual([
    ids[2],
    ...ids.slice(0, 2).toSorted().toReversed(),
  ])
  expect(second.next).toBeNull()
})

test('a clip of which only the asset row is locked elsewhere can be restored meanwhile', async () => {
  const id = await clip()
  await trash([id])
  const other = await database.pool.connect()
  try {
    await other.query('begin')
    await other.query('select 1 from assets where id = $1 for no key update', [id])
    expect((await restore([id])).assetIds).toEqual([id])
    await other.query('rollback')
  } finally {
    other.release()
  }
  expect((await database.db.select().from(assets).where(eq(assets.id, id)))[0]?.state).toBe('available')
})
