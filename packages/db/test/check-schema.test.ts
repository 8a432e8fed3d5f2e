import { expect, test } from 'vitest'
import { checkSchema } from '../src/check-schema.ts'
import { createTestDatabase } from '../src/testing/index.ts'

test('tells a current database from an older, an empty and a newer one, and changes nothing', async () => {
  await using database = await createTestDatabase()
  expect(await checkSchema(database.pool)).toEqual({ kind: 'current' })

  const { rows } = await database.pool.query('delete from schema_migrations returning name')
  const missing = rows.map((row) => row.name).sort()
  expect(await checkSchema(database.pool)).toEqual({ kind: 'older', missing })

  await database.pool.query("insert into schema_migrations (name, sha256) values ('20990101T0000_later', 'x')")
  expect(await checkSchema(database.pool)).toEqual({ kind: 'newer', unknown: ['20990101T0000_later'] })

  await using empty = await createTestDatabase({ migrated: false })
  expect(await checkSchema(empty.pool)).toEqual({ kind: 'older', missing })
})
