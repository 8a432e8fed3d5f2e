import {
  assetParts,
  assets,
  conditions,
  connections,
  deviceEvents,
  gateways,
  tokenFamilies,
  tokenPairs,
} from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { acknowledgeParts } from '../../src/assets/acknowledge-parts.ts'
import { recordCustody } from '../../src/assets/record-custody.ts'
import { closeConnection } from '../../src/presence/close-connection.ts'
import { countStoredBytes } from '../../src/upkeep/count-stored-bytes.ts'
import { failAbandoned } from '../../src/upkeep/fail-abandoned.ts'
import { findKnownStore, knowStore } from '../../src/upkeep/know-store.ts'
import { listConditions } from '../../src/upkeep/list-conditions.ts'
import { reportConditions } from '../../src/upkeep/report-conditions.ts'
import { retention, sweepHistory } from '../../src/upkeep/sweep-history.ts'
import { createWorkTurns } from '../../src/upkeep/work-turns.ts'
import { seed } from '../reads/seed.ts'
import { insertDevice, insertProject } from '../support/fixtures.ts'
import { connect, startGateway } from '../support/link.ts'

let database: TestDatabase
let projectId: string
let deviceId: string
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.pool.query('truncate projects, device_models, conditions, object_stores, gateways cascade')
  projectId = await insertProject(database.db)
  deviceId = await insertDevice(database.db, projectId)
})

const hour = 3_600_000
const now = new Date('2026-11-22T09:00:00Z')
const ago = (ms: number) => new Date(now.getTime() - ms)
const idleMs = { fixedIdleMs: 48 * hour, realtimeIdleMs: 336 * hour }

/** An open upload of which nothing was heard since. */
async function openUpload(uploadKind: 'fixed' | 'realtime', heardAt: Date, lastPartAt: Date | null = null) {
  const { asset, part } = seed(database.db)
  const id = await asset(deviceId, projectId, { state: 'created', uploadKind, createdAt: heardAt, updatedAt: heardAt })
  await part(id, 1, { sizeBytes: 1_000 })
  await part(id, 2, { sizeBytes: 500, isFinal: true })
  await database.db.update(assetParts).set({ acknowledgedAt: null }).where(eq(assetParts.assetId, id))
  if (lastPartAt !== null)
    await database.db.update(assetParts).set({ acknowledgedAt: lastPartAt }).where(eq(assetParts.number, 1))
  return id
}

test.each([
  ['fixed', 49 * hour, null, true],
  ['fixed', 47 * hour, null, false],
  ['fixed', 490 * hour, 47 * hour, false],
  ['fixed', 490 * hour, 49 * hour, true],
  ['realtime', 335 * hour, null, false],
  ['realtime', 337 * hour, null, true],
  ['realtime', 500 * hour, 300 * hour, false],
] as const)(
  'a %s upload last asked for %i ms ago, with its last part %s ms ago, is abandoned: %s',
  async (kind, heardMs, partMs, isAbandoned) => {
    const id = await openUpload(kind, ago(heardMs), partMs === null ? null : ago(partMs))
    expect(await failAbandoned({ db: database.db, now }, idleMs)).toEqual({ failedIds: isAbandoned ? [id] : [] })
    const [asset] = await database.db.select().from(assets).where(eq(assets.id, id))
    expect(asset).toMatchObject(isAbandoned ? { state: 'failed', endedBecause: 'abandoned' } : { state: 'created' })
  },
)

test('digests of parts that do not come keep no upload from being given up, however often they are told', async () => {
  const id = await openUpload('fixed', ago(100 * hour))
  const xxh64 = 'ef46db3751d8e999'
  const parts = [
    { number: 1, offset: 0, size: 1_000, xxh64 },
    { number: 2, offset: 1_000, size: 500, xxh64 },
  ]
  const told = { deviceId, assetId: id, custody: { parts } }
  expect(await recordCustody({ db: database.db, now: ago(hour) }, told)).toEqual({ kind: 'recorded', verify: false })
  expect(await failAbandoned({ db: database.db, now }, idleMs)).toEqual({ failedIds: [id] })
  expect(await recordCustody({ db: database.db, now }, told)).toEqual({ kind: 'ended' })
})

test('an upload that is being assembled is never abandoned, however old', async () => {
  const id = await openUpload('fixed', ago(1_000 * hour))
  await database.db.update(assets).set({ state: 'assembling' }).where(eq(assets.id, id))
  expect(await failAbandoned({ db: database.db, now }, idleMs)).toEqual({ failedIds: [] })
})

test('of two sweeps at once one gives an upload up, and a part that comes after it counts for nothing', async () => {
  const id = await openUpload('fixed', ago(100 * hour))
  const swept = await Promise.all([1, 2, 3].map(() => failAbandoned({ db: database.db, now }, idleMs)))
  expect(swept.flatMap(({ failedIds }) => failedIds)).toEqual([id])
  const part = { assetId: id, number: 1, generation: 1, sizeBytes: 1_000, writtenAtBytes: null, receivedXxh64: 'x' }
  expect(await acknowledgeParts({ db: database.db, now, wait: true }, [part])).toEqual([{ kind: 'superseded' }])
})

test('bytes in place never count over bytes that lie apart, those that lie apart always do, and each may be said twice', async () => {
  const id = await openUpload('fixed', now)
  await database.db.update(assetParts).set({ offsetBytes: 0 }).where(eq(assetParts.assetId, id))
  const say = async (receivedXxh64: string, writtenAtBytes: number | null) => {
    const part = { assetId: id, number: 1, generation: 1, sizeBytes: 1_000, writtenAtBytes, receivedXxh64 }
    const [outcome] = await acknowledgeParts({ db: database.db, now, wait: true }, [part])
    const [row] = await database.db
      .select()
      .from(assetParts)
      .where(eq(assetParts.assetId, id))
      .orderBy(asc(assetParts.number))
    return [typeof outcome === 'object' && outcome.kind, row?.receivedXxh64, row?.liesApart]
  }
  expect(await say('a', 0)).toEqual(['acknowledged', 'a', false])
  expect(await say('a', 0)).toEqual(['acknowledged', 'a', false])
  expect(await say('b', 0)).toEqual(['superseded', 'a', false])
  expect(await say('b', null)).toEqual(['acknowledged', 'b', true])
  expect(await say('b', null)).toEqual(['acknowledged', 'b', true])
  expect(await say('c', null)).toEqual(['acknowledged', 'c', true])
  expect(await say('c', 0)).toEqual(['superseded', 'c', true])
})

test('history goes when it is old, open connections and what they name stay', async () => {
  const { db } = database
  const old = ago(retention.deviceHistoryMs + hour)
  const dead = await startGateway(db)
  const closed = await connect(db, deviceId, dead)
  await closeConnection({ db }, { epoch: closed.epoch, reason: 'drain' })
  await db.update(connections).set({ openedAt: old, closedAt: old })
  const other = await startGateway(db)
  const open = await connect(db, deviceId, other)
  await db.update(connections).set({ openedAt: old }).where(eq(connections.epoch, open.epoch))
  await db.update(gateways).set({ leaseUntil: old })
  const event = { deviceId, outboxId: 'o', bootId: 'b', at: old, body: { kind: 'started' } as never }
  await db.insert(deviceEvents).values([
    { ...event, seq: 1, receivedAt: old },
    { ...event, seq: 2, receivedAt: ago(retention.deviceHistoryMs - hour) },
  ])
  expect(await sweepHistory({ db, now })).toEqual({ deletedCount: 3 })
  expect((await db.select().from(connections)).map((row) => row.epoch)).toEqual([open.epoch])
  expect((await db.select().from(gateways)).map((row) => row.id)).toEqual([other])
  expect((await db.select().from(deviceEvents)).map((row) => row.seq)).toEqual([2])
  expect(await sweepHistory({ db, now })).toEqual({ deletedCount: 0 })
})

test('tokens go once they have long been dead, and those that may still come again stay', async () => {
  const { db } = database
  const [family] = await db.insert(tokenFamilies).values({ deviceId }).returning()
  const pair = (name: string, refreshExpiresAt: Date) => ({
    ...{ familyId: family?.id ?? '', projectEpoch: 1, accessSha256: `a${name}`, refreshSha256: `r${name}` },
    ...{ accessExpiresAt: ago(60 * 24 * hour), refreshExpiresAt, supersededAt: ago(60 * 24 * hour) },
  })
  await db
    .insert(tokenPairs)
    .values([
      pair('old', ago(retention.deadTokensMs + hour)),
      pair('dead', ago(retention.deadTokensMs - hour)),
      pair('alive', now),
    ])
  expect(await sweepHistory({ db, now })).toEqual({ deletedCount: 1 })
  expect((await db.select().from(tokenPairs)).map((row) => row.accessSha256).toSorted()).toEqual(['aalive', 'adead'])
})

test('a condition keeps its beginning while it lasts, is told by each program apart, and is not believed for ever', async () => {
  const { db } = database
  const report = (at: Date, reporter: string, ...codes: ('storeLow' | 'storeFull')[]) =>
    reportConditions(
      { db, now: at },
      { reporter, found: codes.map((code) => ({ code, detail: `${code} of ${reporter}` })) },
    )
  const told = async (at: Date) =>
    (await listConditions({ db, now: at })).map(({ code, reporter, since }) => [code, reporter, since])
  await report(ago(60_000), 'a:1', 'storeLow')
  await report(ago(30_000), 'b:1', 'storeLow')
  await report(now, 'a:1', 'storeLow', 'storeFull')
  expect(await told(now)).toEqual([
    ['storeLow', 'a:1', ago(60_000).toISOString()],
    ['storeLow', 'b:1', ago(30_000).toISOString()],
    ['storeFull', 'a:1', now.toISOString()],
  ])
  await report(now, 'a:1')
  expect(await told(now)).toEqual([['storeLow', 'b:1', ago(30_000).toISOString()]])
  expect(await told(new Date(now.getTime() + hour))).toEqual([])
  expect(await db.select().from(conditions)).toHaveLength(1)
})

test('of programs that know a store at once, all know the first', async () => {
  const ids = Array.from({ length: 5 }, () => crypto.randomUUID())
  const known = await Promise.all(ids.map((id) => knowStore({ db: database.db }, { id })))
  expect(new Set(known.map(({ id }) => id)).size).toBe(1)
  expect(await findKnownStore({ db: database.db })).toEqual(known[0])
})

test('stored bytes are those of clips that are there and of parts that are in', async () => {
  const { asset } = seed(database.db)
  await asset(deviceId, projectId, { state: 'available', filesizeBytes: 10_000, availableAt: now })
  await asset(deviceId, projectId, { state: 'failed', filesizeBytes: 77_000, endedBecause: 'partsMissing' })
  await openUpload('fixed', now, now)
  expect(await countStoredBytes({ db: database.db })).toBe(11_000)
})

test('a piece of work is done by one program at a time, and by another when the connection of the first breaks', async () => {
  const [first, second] = [createWorkTurns(database), createWorkTurns(database)]
  const goOn = Promise.withResolvers<void>()
  const began = Promise.withResolvers<void>()
  const slow = first.tryDo('verify x', async () => {
    began.resolve()
    await goOn.promise
  })
  await began.promise
  const never = async () => expect.unreachable()
  expect(await second.tryDo('verify x', never)).toBe(false)
  expect(await first.tryDo('verify x', never)).toBe(false)
  expect(await second.tryDo('verify y', async () => undefined)).toBe(true)
  await database.pool.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`,
  )
  // The server ends a connection, and gives back its locks, in a moment of its own.
  await vi.waitUntil(() => second.tryDo('verify x', async () => undefined), { timeout: 30_000 })
  goOn.resolve()
  expect(await slow).toBe(true)
  expect(await first.tryDo('verify x', async () => undefined)).toBe(true)
  await Promise.all([first.close(), second.close()])
})
