import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { BusProblem } from '../../src/bus/bus.ts'
import { createPgBus } from '../../src/bus/pg-bus.ts'
import { wake } from '../../src/bus/wake.ts'
import type { Wake } from '../../src/bus/wake-payload.ts'
import { conformsToBus } from './bus-conformance.ts'

let database: TestDatabase
const problems: BusProblem[] = []

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const open = () =>
  createPgBus({
    db: database.db,
    connectionString: database.connectionString,
    applicationName: 'rushes-bus-under-test',
    onProblem: (problem) => problems.push(problem),
  })

describe('the bus over PostgreSQL', () => {
  conformsToBus(async () => open())
})

test('a wake-up within a transaction leaves with its commit, and never with a rollback', async () => {
  const bus = open()
  const heard: Wake[] = []
  bus.subscribe((news) => heard.push(news))
  await bus.ready(AbortSignal.timeout(10_000))
  await database.db
    .transaction(async (tx) => {
      await wake(tx, { deviceIds: ['rolledBack'] })
      throw new Error('no')
    })
    .catch(() => undefined)
  await database.db.transaction(async (tx) => wake(tx, { deviceIds: ['committed'] }))
  await vi.waitFor(() => expect(heard).toEqual([{ deviceIds: ['committed'] }]), { timeout: 10_000 })
  await bus.stop()
})

test('when its connection is cut it comes back, and says that it may have missed everything', async () => {
  const bus = open()
  const heard: Wake[] = []
  bus.subscribe((news) => heard.push(news))
  await bus.ready(AbortSignal.timeout(10_000))
  problems.length = 0
  await database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rushes-bus-under-test'`,
  )
  await vi.waitFor(() => expect(heard).toContainEqual({ everything: true }), { timeout: 10_000 })
  expect(problems.length).toBeGreaterThan(0)
  await wake(database.db, { deviceIds: ['after'] })
  await vi.waitFor(() => expect(heard).toContainEqual({ deviceIds: ['after'] }), { timeout: 10_000 })
  await bus.stop()
})
