import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openWholeClipsChannel } from '../../src/assets/whole-clips-channel.ts'
import type { BusProblem } from '../../src/bus/bus.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

function open() {
  const heard: string[] = []
  /** Told to find out whether it listens; one that is heard late is none of what the test told. */
  const sentinels = new Map<string, boolean>()
  const problems: BusProblem[] = []
  const channel = openWholeClipsChannel({
    db: database.db,
    connectionString: database.connectionString,
    onWhole: (assetId) => (sentinels.has(assetId) ? sentinels.set(assetId, true) : heard.push(assetId)),
    onProblem: (problem) => problems.push(problem),
  })
  const isListening = async () => {
    const sentinel = crypto.randomUUID()
    sentinels.set(sentinel, false)
    channel.tell(sentinel)
    await vi.waitFor(() => expect(sentinels.get(sentinel)).toBe(true), { timeout: 500 })
  }
  return { channel, heard, problems, ready: () => vi.waitFor(isListening, { timeout: 30_000 }) }
}

test('what one instance tells every other hears once, even hundreds at a time', async () => {
  const [one, other] = [open(), open()]
  await Promise.all([one.ready(), other.ready()])
  const ids = Array.from({ length: 450 }, (): string => crypto.randomUUID())
  for (const id of [...ids, ...ids]) one.channel.tell(id)
  await vi.waitFor(() => expect(other.heard.filter((id) => ids.includes(id)).toSorted()).toEqual(ids.toSorted()), {
    timeout: 30_000,
  })
  await Promise.all([one.channel.stop(), other.channel.stop()])
})

test('what is no id is not passed on, and a connection that was cut is replaced', async () => {
  const { channel, heard, problems, ready } = open()
  await ready()
  await database.pool.query("select pg_notify('rushes_whole_clips', $1)", ["', drop table assets,,x"])
  await database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'rushes-ingest' and datname = current_database()`,
  )
  await vi.waitFor(() => expect(problems.length).toBeGreaterThan(0), { timeout: 10_000 })
  await ready()
  expect(heard).toEqual([])
  await channel.stop()
})
