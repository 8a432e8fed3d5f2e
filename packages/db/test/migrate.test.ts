import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrate } from '../src/migrate.ts'
import { createTestDatabase, type TestDatabase } from '../src/testing/index.ts'

let database: TestDatabase
let directory: string

beforeEach(async () => {
  database = await createTestDatabase({ migrated: false })
  directory = await mkdtemp(join(tmpdir(), 'rushes-migrations-'))
})

afterEach(async () => {
  await database.drop()
  await rm(directory, { recursive: true })
})

const write = (name: string, sql: string) => writeFile(join(directory, name), sql)

async function tables(): Promise<string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  )
  return rows.map((row) => row.name)
}

test('applies what is missing in the order of the names, and nothing the second time', async () => {
  await write('20260102T0000_add_b.sql', 'alter table a add b int;')
  await write('20260101T0000_add_a.sql', 'create table a (id int); insert into a values (1);')
  const names = ['20260101T0000_add_a', '20260102T0000_add_b']
  expect(await migrate(database.pool, { directory })).toEqual({ applied: names })
  expect(await migrate(database.connectionString, { directory })).toEqual({ applied: [] })
  expect((await database.pool.query('select id, b from a')).rows).toEqual([{ id: 1, b: null }])
})

test('programs that start together migrate once', async () => {
  await write('20260101T0000_add_a.sql', 'create table a (id int); select pg_sleep(0.2);')
  const results = await Promise.all([1, 2, 3].map(() => migrate(database.connectionString, { directory })))
  expect(results.flatMap((result) => result.applied)).toEqual(['20260101T0000_add_a'])
})

test('a migration that fails is rolled back whole, and the earlier ones stay', async () => {
  await write('20260101T0000_add_a.sql', 'create table a (id int);')
  await write('20260102T0000_add_b.sql', 'create table b (id int); create table a (id int);')
  await expect(migrate(database.pool, { directory })).rejects.toMatchObject({
    code: 'migrationFailed',
    message: expect.stringContaining('20260102T0000_add_b'),
  })
  expect(await tables()).toEqual(['a', 'schema_migrations'])
  await write('20260102T0000_add_b.sql', 'create table b (id int);')
  expect(await migrate(database.pool, { directory })).toEqual({ applied: ['20260102T0000_add_b'] })
})

test('refuses a database of a newer version and leaves it alone', async () => {
  await write('20260101T0000_add_a.sql', 'create table a (id int);')
  await migrate(database.pool, { directory })
  await rm(join(directory, '20260101T0000_add_a.sql'))
  await write('20251231T0000_add_z.sql', 'create table z (id int);')
  await expect(migrate(database.pool, { directory })).rejects.toMatchObject({
    code: 'databaseNewer',
    hint: expect.stringContaining('newer version'),
  })
  expect(await tables()).toEqual(['a', 'schema_migrations'])
})

test('refuses when a file was changed after it was applied', async () => {
  await write('20260101T0000_add_a.sql', 'create table a (id int);')
  await migrate(database.pool, { directory })
  await write('20260101T0000_add_a.sql', 'create table a (id bigint);')
  await expect(migrate(database.pool, { directory })).rejects.toMatchObject({ code: 'migrationChanged' })
})

test('refuses a new file that would come before an applied one', async () => {
  await write('20260102T0000_add_b.sql', 'create table b (id int);')
  await migrate(database.pool, { directory })
  await write('20260101T0000_add_a.sql', 'create table a (id int);')
  await expect(migrate(database.pool, { directory })).rejects.toMatchObject({ code: 'migrationOutOfOrder' })
  expect(await tables()).toEqual(['b', 'schema_migrations'])
})

test('refuses a file whose name says neither when nor what', async () => {
  await write('0001_brave_hulk.sql', 'create table a (id int);')
  await expect(migrate(database.pool, { directory })).rejects.toMatchObject({ code: 'migrationNameInvalid' })
})

test('says so when another program keeps the lock', async () => {
  await write('20260101T0000_add_a.sql', 'create table a (id int);')
  const other = await database.pool.connect()
  try {
    await other.query('select pg_advisory_lock(7221120260)')
    await expect(migrate(database.pool, { directory, lockTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'migrationLockTimeout',
    })
  } finally {
    await other.query('select pg_advisory_unlock_all()')
    other.release()
  }
  expect(await migrate(database.pool, { directory })).toEqual({ applied: ['20260101T0000_add_a'] })
})
