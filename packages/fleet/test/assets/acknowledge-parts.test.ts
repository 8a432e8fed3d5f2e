import { assetParts, assets, type Database } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { asc, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type AcknowledgePartInput, acknowledgeParts } from '../../src/assets/acknowledge-parts.ts'
import { closeUnfinishedAssets } from '../../src/assets/close-unfinished.ts'
import { busy } from '../../src/context.ts'
import { seed } from '../reads/seed.ts'
import { insertDevice, insertProject } from '../support/fixtures.ts'

let database: TestDatabase
let deviceId: string
let projectId: string
let assetId: string

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  projectId = await insertProject(database.db)
  deviceId = await insertDevice(database.db, projectId)
  const { asset, part } = seed(database.db)
  assetId = await asset(deviceId, projectId, { state: 'created' })
  await part(assetId, 1, { sizeBytes: 1000, isFinal: true })
})

const now = new Date('2026-11-22T09:00:00Z')
const input = (change: Partial<AcknowledgePartInput> = {}): AcknowledgePartInput => ({
  ...{ assetId, number: 1, generation: 1, sizeBytes: 1000, writtenAtBytes: 0, receivedXxh64: '0123456789abcdef' },
  ...change,
})
const acknowledge = async (db: Database) => (await acknowledgeParts({ db, now, wait: true }, [input()]))[0]
const close = (db: Database) =>
  closeUnfinishedAssets({ db, now }, { deviceId, because: 'projectChanged', detail: 'moved' })
const stateOf = async () =>
  (await database.db.select({ state: assets.state }).from(assets).where(eq(assets.id, assetId)))[0]?.state

/** Resolves once a statement in this database waits for a lock. */
const untilBlocked = () =>
  vi.waitUntil(
    async () => {
      const { rows } = await database.db.execute(
        sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows.length > 0
    },
    { timeout: 10_000 },
  )

test('the last part of a clip that is being closed is not acknowledged', async () => {
  const acknowledging = await database.db.transaction(async (tx) => {
    expect((await close(tx)).closedIds).toEqual([assetId])
    const under = acknowledge(database.db)
    await Promise.race([untilBlocked(), under])
    return { under }
  })
  expect(await acknowledging.under).toEqual({ kind: 'superseded' })
  expect(await stateOf()).toBe('closed')
})

test('a clip whose last part is being acknowledged is not closed', async () => {
  const closing = await database.db.transaction(async (tx) => {
    expect(await acknowledge(tx)).toEqual({ kind: 'acknowledged', isWhole: true })
    const under = database.db.transaction((other) => close(other))
    await untilBlocked()
    return { under }
  })
  expect((await closing.under).closedIds).toEqual([])
  expect(await stateOf()).toBe('created')
})

/** Another clip of the same device, of two parts. */
async function twoParts(uploadKind: 'fixed' | 'realtime') {
  const { asset, part } = seed(database.db)
  const id = await asset(deviceId, projectId, { state: 'created', uploadKind })
  await part(id, 1, { sizeBytes: 500 })
  await part(id, 2, { sizeBytes: 500, isFinal: true })
  return id
}

test('parts of several clips at once: each has its own outcome, in the order asked for', async () => {
  const other = await twoParts('fixed')
  const inputs = [
    input({ assetId: other, number: 2, sizeBytes: 500, writtenAtBytes: 500 }),
    input({ generation: 2 }),
    input(),
    input({ assetId: other, sizeBytes: 500, writtenAtBytes: 7 }),
    input({ assetId: crypto.randomUUID() }),
  ]
  expect(await acknowledgeParts({ db: database.db, now, wait: false }, inputs)).toEqual([
    { kind: 'acknowledged', isWhole: false },
    { kind: 'superseded' },
    { kind: 'acknowledged', isWhole: true },
    { kind: 'superseded' },
    busy, // asked for alone, it is found to be unknown
  ])
  expect(await acknowledgeParts({ db: database.db, now, wait: true }, inputs.slice(4))).toEqual([
    { kind: 'superseded' },
  ])
  const rows = await database.db
    .select({ number: assetParts.number, at: assetParts.acknowledgedAt, digest: assetParts.receivedXxh64 })
    .from(assetParts)
    .where(eq(assetParts.assetId, other))
    .orderBy(asc(assetParts.number))
  expect(rows).toEqual([
    { number: 1, at: null, digest: null },
    { number: 2, at: now, digest: '0123456789abcdef' },
  ])
})

test('a final part that has the first number makes its clip whole, the first of several does not until the last is in', async () => {
  const several = await twoParts('fixed')
  const of = async (change: Partial<AcknowledgePartInput>) =>
    (await acknowledgeParts({ db: database.db, now, wait: false }, [input(change)]))[0]
  expect(await of({})).toEqual({ kind: 'acknowledged', isWhole: true })
  expect(await of({ assetId: several, sizeBytes: 500 })).toEqual({ kind: 'acknowledged', isWhole: false })
  const last = { assetId: several, number: 2, sizeBytes: 500, writtenAtBytes: 500 }
  expect(await of(last)).toEqual({ kind: 'acknowledged', isWhole: true })
})

test('a part of a clip that somebody is changing is left out, and the others do not wait for it', async () => {
  const other = await twoParts('fixed')
  await database.db.transaction(async (tx) => {
    await close(tx)
    const free = await seed(database.db).asset(await insertDevice(database.db, projectId), projectId)
    await seed(database.db).part(free, 1, { sizeBytes: 1000, isFinal: true })
    const inputs = [input({ assetId: other, sizeBytes: 500 }), input({ assetId: free })]
    expect(await acknowledgeParts({ db: database.db, now, wait: false }, inputs)).toEqual([
      busy,
      { kind: 'acknowledged', isWhole: true },
    ])
  })
})

test.for(['fixed', 'realtime'] as const)(
  'the final part of a %s clip begins the grace only for a real-time one',
  async (kind) => {
    const id = await twoParts(kind)
    const final = input({ assetId: id, number: 2, sizeBytes: 500, writtenAtBytes: 500 })
    const acknowledgeAt = (at: Date) => acknowledgeParts({ db: database.db, now: at, wait: true }, [final])
    await acknowledgeAt(now)
    await acknowledgeAt(new Date(now.getTime() + 60_000))
    const [row] = await database.db.select({ at: assets.finalPartAt }).from(assets).where(eq(assets.id, id))
    expect(row?.at).toEqual(kind === 'realtime' ? now : null)
  },
)
