import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createProject } from '../../src/projects/create.ts'
import { listProjects } from '../../src/projects/list.ts'
import { ana, insertDevice } from '../support/fixtures.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const acting = () => ({ db: database.db, now: new Date(0), actor: ana })

test('a project that was made is listed with the devices that upload into it', async () => {
  const made = await createProject(acting(), { name: '  Harbour Nights ', timezone: 'Europe/Berlin' })
  if (made.kind !== 'created') throw new Error(made.kind)
  await insertDevice(database.db, made.project.id)
  expect(await listProjects(acting())).toEqual([
    { ...made.project, name: 'Harbour Nights', timezone: 'Europe/Berlin', archivedAt: null, deviceCount: 1 },
  ])
})

test.each(['', '   ', 'x'.repeat(121), 'two\nlines', 'nul\0'])('the name %j is refused', async (name) => {
  expect(await createProject(acting(), { name })).toEqual({ kind: 'nameInvalid' })
})

test('a time zone that nobody knows is refused', async () => {
  expect(await createProject(acting(), { name: 'x', timezone: 'Mars/Olympus' })).toEqual({
    kind: 'timezoneUnknown',
    timezone: 'Mars/Olympus',
  })
})
