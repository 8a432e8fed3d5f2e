import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createDatabase, type DatabaseHandle } from '../src/database.ts'
import { projects } from '../src/schema/index.ts'
import { createTestDatabase, type TestDatabase } from '../src/testing/index.ts'

let database: TestDatabase
let handle: DatabaseHandle

beforeAll(async () => {
  database = await createTestDatabase()
  handle = createDatabase({
    connectionString: database.connectionString,
    maxConnections: 2,
    connectTimeoutMs: 5_000,
    applicationName: 'rushes-cut',
  })
})
afterAll(async () => {
  await handle.close()
  await database.drop()
})

const cutAll = () =>
  database.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rushes-cut'`)
const insert = (name: string) => handle.db.transaction((tx) => tx.insert(projects).values({ name }))

/** What a program does whose statement failed for a passing cause. */
const insertSoon = (name: string) => vi.waitFor(() => insert(name), { timeout: 10_000, interval: 10 })

test('connections that break while they are idle are replaced, however often', async () => {
  for (let round = 0; round < 6; round += 1) {
    await Promise.all([insertSoon('idle'), insertSoon('idle')])
    await cutAll()
    // One that is not known to be broken yet makes its transaction fail; its place in the pool is free again all the same.
    const outcomes = await Promise.allSettled([insert('first'), insert('first')])
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(String(outcome.reason)).not.toContain('timeout exceeded')
    }
  }
  await insertSoon('last')
  expect(handle.pool.idleCount).toBe(handle.pool.totalCount)
})

test('a connection that breaks inside a transaction fails that transaction, rolls it back, and nothing else', async () => {
  await insertSoon('before')
  await expect(
    handle.db.transaction(async (tx) => {
      await tx.insert(projects).values({ name: 'inside' })
      await cutAll()
      // The break is noticed between the two statements.
      await new Promise((resolve) => setImmediate(resolve))
      await tx.insert(projects).values({ name: 'inside' })
    }),
  ).rejects.toThrow()
  await insertSoon('after')
  const { rows } = await database.pool.query(`select from projects where name = 'inside'`)
  expect(rows).toEqual([])
})
