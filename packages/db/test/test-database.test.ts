import { expect, inject, test } from 'vitest'
import { createDatabase } from '../src/database.ts'
import { createTestDatabase } from '../src/testing/index.ts'

test('two suites never see each other, and a dropped database is gone even while somebody is connected', async () => {
  const first = await createTestDatabase()
  await using second = await createTestDatabase()
  await first.pool.query('create table only_in_first (id int)')
  await expect(second.pool.query('select from only_in_first')).rejects.toThrow('does not exist')

  const intruder = createDatabase({ connectionString: first.connectionString })
  await intruder.pool.query('select 1')
  await first.drop()
  await expect(intruder.pool.query('select 1')).rejects.toThrow()
  await intruder.close()

  const admin = createDatabase({ connectionString: inject('postgresAdminUrl') })
  const name = new URL(first.connectionString).pathname.slice(1)
  expect((await admin.pool.query('select from pg_database where datname = $1', [name])).rowCount).toBe(0)
  await admin.close()
})
