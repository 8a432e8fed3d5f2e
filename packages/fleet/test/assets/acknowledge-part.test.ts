import { assets, type Database } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { acknowledgePart } from '../../src/assets/acknowledge-part.ts'
import { closeUnfinishedAssets } from '../../src/assets/close-unfinished.ts'
import { seed } from '../reads/seed.ts'
import { insertDevice, insertProject } from '../support/fixtures.ts'

let database: TestDatabase
let deviceId: string
let assetId: string

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  const projectId = await insertProject(database.db)
  deviceId = await insertDevice(database.db, projectId)
  const { asset, part } = seed(database.db)
  assetId = await asset(deviceId, projectId, { state: 'created' })
  await part(assetId, 1, { sizeBytes: 1000, isFinal: true })
})

const now = new Date('2026-11-22T09:00:00Z')
const acknowledge = (db: Database) =>
  acknowledgePart(
    { db, now },
    { assetId, number: 1, generation: 1, sizeBytes: 1000, writtenAtBytes: 0, receivedXxh64: '0123456789abcdef' },
  )
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
