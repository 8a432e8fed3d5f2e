import { readFile } from 'node:fs/promises'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { expect, test } from 'vitest'
import { columnCasing } from '../src/database.ts'
import { migrationsDir } from '../src/migration-files.ts'
import * as schema from '../src/schema/index.ts'
import { createTestDatabase, type TestDatabase } from '../src/testing/index.ts'
import { describeCatalog } from './catalog.ts'

async function createFromSchema(): Promise<TestDatabase> {
  const database = await createTestDatabase({ migrated: false })
  const statements = await generateMigration(
    generateDrizzleJson({}),
    generateDrizzleJson(schema, undefined, undefined, columnCasing),
  )
  await database.pool.query(statements.join('\n'))
  return database
}

test('migrations replayed from zero give the database that the schema describes', async () => {
  await using migrated = await createTestDatabase()
  await using described = await createFromSchema()
  const expected = await describeCatalog(described.pool)
  expect(expected.length).toBeGreaterThan(50)
  expect(await describeCatalog(migrated.pool)).toEqual(expected)
})

test('the snapshot that the next migration is made from is the schema', async () => {
  const { id: _id, prevId: _prevId, ...current } = generateDrizzleJson(schema, undefined, undefined, columnCasing)
  const snapshot: unknown = JSON.parse(await readFile(`${migrationsDir()}schema-snapshot.json`, 'utf8'))
  expect(snapshot, 'write migrations with `npm run new-migration -- NAME`').toMatchObject(
    JSON.parse(JSON.stringify(current)),
  )
  expect(Object.keys(current.tables).length).toBeGreaterThan(10)
})

test.each([
  ['a nullable column', 'alter table projects alter column name drop not null'],
  ['another default', 'alter table projects alter column created_at drop default'],
  ['another type', 'alter table projects alter column name type varchar(80)'],
  ['a missing CHECK', 'alter table assets drop constraint assets_state'],
  ['an index more', 'create index stray on projects (name)'],
])('a difference is seen: %s', async (_what, statement) => {
  await using described = await createFromSchema()
  const before = await describeCatalog(described.pool)
  await described.pool.query(statement)
  expect(await describeCatalog(described.pool)).not.toEqual(before)
})
