import { clipTrash } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findOldestCheck } from '../../src/custody/find-oldest-check.ts'
import { seed } from '../reads/seed.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test('the oldest check is that of the clip not read for longest; one never read counts from its arrival, one in the trash not at all', async () => {
  const oldest = () => findOldestCheck(database)
  const put = seed(database.db)
  const project = await put.project('One')
  const device = await put.device('A-Cam', { projectId: project.id })
  const day = (date: number) => new Date(Date.UTC(2026, 10, date))
  const stored = { state: 'available', custody: 'verified' } as const
  expect(await oldest()).toBeNull()
  await put.asset(device.id, project.id, { ...stored, availableAt: day(1), scrubbedAt: day(20) })
  await put.asset(device.id, project.id, { ...stored, availableAt: day(1), scrubbedAt: day(12) })
  expect(await oldest()).toEqual(day(12))
  await put.asset(device.id, project.id, { ...stored, availableAt: day(5), scrubbedAt: null })
  expect(await oldest()).toEqual(day(5))
  const trashed = await put.asset(device.id, project.id, { ...stored, availableAt: day(1), scrubbedAt: day(2) })
  expect(await oldest()).toEqual(day(2))
  await database.db.insert(clipTrash).values({
    ...{ assetId: trashed, projectId: project.id, state: 'trashed', trashedAt: new Date() },
    ...{ trashedByKind: 'person', trashedBy: 'Ana' },
  })
  expect(await oldest()).toEqual(day(5))
})
