import { clipTrash } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getDevice } from '../../src/devices/get-device.ts'
import { summarizeFleet } from '../../src/devices/summarize-fleet.ts'
import { seed } from '../reads/seed.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test('stored clips that are not sound are counted by fleet, project and device, those in the trash left out', async () => {
  const put = seed(database.db)
  const [one, other] = [await put.project('One'), await put.project('Other')]
  const device = await put.device('A-Cam', { projectId: one.id })
  const unsound = {
    state: 'available',
    custody: 'mismatch',
    mismatchBecause: 'gone',
    firstMismatchNumber: 1,
  } as const
  await put.asset(device.id, one.id, unsound)
  await put.asset(device.id, other.id, unsound)
  await put.asset(device.id, one.id, { state: 'available', custody: 'verified' })
  const trashed = await put.asset(device.id, one.id, unsound)
  await database.db.insert(clipTrash).values({
    ...{ assetId: trashed, projectId: one.id, state: 'trashed', trashedAt: new Date() },
    ...{ trashedByKind: 'person', trashedBy: 'Ana' },
  })
  const unsoundIn = async (of: { projectId?: string }) => (await summarizeFleet(database, of)).clips.unsoundCount
  expect(await unsoundIn({})).toBe(2)
  expect(await unsoundIn({ projectId: one.id })).toBe(1)
  expect(await unsoundIn({ projectId: crypto.randomUUID() })).toBe(0)
  expect(await getDevice(database, { deviceId: device.id })).toMatchObject({
    device: { row: { unsound: { clipCount: 2, reportedVerifiedCount: 0 } } },
  })
})
