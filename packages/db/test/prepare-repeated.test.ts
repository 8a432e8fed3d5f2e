import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../src/testing/test-database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false, maxConnections: 1 })
})
afterAll(() => database.drop())

const prepared = async () =>
  (await database.pool.query('select statement from pg_prepared_statements order by prepare_time')).rows.map(
    ({ statement }) => statement,
  )

test('a statement that a connection runs again and again is prepared there, and gives what it gave before', async () => {
  const twice = async (n: number) => (await database.db.execute(sql`select ${n}::int * 2 as n`)).rows
  for (let n = 1; n <= 20; n++) expect(await twice(n)).toEqual([{ n: n * 2 }])
  expect(await prepared()).toEqual(['select $1::int * 2 as n'])
})

test('within a transaction too; one that fails goes on failing alone', async () => {
  await database.db.transaction(async (tx) => {
    for (let n = 1; n <= 8; n++) await tx.execute(sql`select ${n}::int + 1 as n`)
  })
  expect(await prepared()).toContain('select $1::int + 1 as n')
  const invert = (n: number) => database.db.execute(sql`select 1 / ${n}::int as n`)
  for (let n = 0; n < 20; n++) {
    if (n % 2 === 0) await expect(invert(0)).rejects.toThrow()
    else expect((await invert(1)).rows).toEqual([{ n: 1 }])
  }
})

test('statements with long lists, and more of them than the server should remember, are not', async () => {
  const before = (await prepared()).length
  const list = Array.from({ length: 13 }, (_, n) => n)
  for (let n = 0; n < 10; n++)
    await database.db.execute(
      sql`select 1 where 1 in (${sql.join(
        list.map((one) => sql`${one}::int`),
        sql`, `,
      )})`,
    )
  expect(await prepared()).toHaveLength(before)
  for (let text = 0; text < 150; text++)
    for (let n = 0; n < 5; n++) await database.db.execute(sql`select ${n}::int as ${sql.identifier(`n${text}`)}`)
  expect(await prepared()).toHaveLength(100)
})

test('a table that gets a column does not disturb those who name the columns they read', async () => {
  await database.pool.query('create table clips (name text)')
  const names = () => database.db.execute(sql`select name from clips where name <> ${'b'}`)
  await database.pool.query("insert into clips values ('a')")
  for (let n = 0; n < 8; n++) await names()
  await database.pool.query('alter table clips add column size integer')
  expect((await names()).rows).toEqual([{ name: 'a' }])
})
