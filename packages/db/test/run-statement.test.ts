import { afterAll, beforeAll, expect, test } from 'vitest'
import { runStatement } from '../src/run-statement.ts'
import { createTestDatabase, type TestDatabase } from '../src/testing/test-database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false })
  await database.pool.query('create table clips (number integer primary key)')
})
afterAll(() => database.drop())

const insert = 'insert into clips (number) values ($1) returning number'
const count = 'select count(*)::integer as count from clips'
const countNow = async () => (await runStatement<{ count: number }>(database.db, count, []))[0]?.count

test('within a transaction, a statement is part of it; what is asked side by side is done in its order', async () => {
  const before = (await countNow()) ?? 0
  await database.db.transaction(async (tx) => {
    const [, first, , both] = await Promise.all([
      runStatement(tx, insert, [1]),
      runStatement<{ count: number }>(tx, count, []),
      runStatement(tx, insert, [2]),
      runStatement<{ count: number }>(tx, count, []),
    ])
    expect([first[0]?.count, both[0]?.count]).toEqual([before + 1, before + 2])
    expect(await countNow()).toBe(before)
  })
  expect(await countNow()).toBe(before + 2)
})

test('one that fails takes with it what is asked side by side and the transaction, and leaves the connection good', async () => {
  const before = await countNow()
  const both = database.db.transaction((tx) =>
    Promise.all([
      runStatement(tx, insert, [3]),
      runStatement(tx, insert, ['three']),
      runStatement(tx, insert, [4]),
      runStatement(tx, 'select 1', []),
    ]),
  )
  await expect(both).rejects.toMatchObject({ cause: { code: '22P02' } })
  expect(await countNow()).toBe(before)
  expect(database.pool.idleCount).toBe(database.pool.totalCount)
  for (let n = 10; n < 20; n++) expect(await runStatement(database.db, insert, [n])).toEqual([{ number: n }])
})
