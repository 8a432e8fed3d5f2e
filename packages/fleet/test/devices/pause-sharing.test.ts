import { auditEvents, devices } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pauseSharing } from '../../src/devices/pause-sharing.ts'
import { resumeSharing } from '../../src/devices/resume-sharing.ts'
import { ana, insertDevice, insertProject } from '../support/fixtures.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 22, 12, 0, seconds))
const acting = (now: Date) => ({ db: database.db, now, actor: ana })

test('a pause is opened once, closed once, and leaves an audit row and a moved changed_at for each', async () => {
  const deviceId = await insertDevice(database.db, await insertProject(database.db))
  await database.db
    .update(devices)
    .set({ changedAt: at(0) })
    .where(eq(devices.id, deviceId))

  expect(await pauseSharing(acting(at(1)), { deviceId, reason: 'closed set' })).toMatchObject({
    kind: 'paused',
    startedAt: at(1),
  })
  expect(await pauseSharing(acting(at(2)), { deviceId })).toEqual({
    kind: 'alreadyPaused',
    startedAt: at(1),
    startedBy: 'Ana',
  })
  const [paused] = await database.db.select().from(devices).where(eq(devices.id, deviceId))
  expect(paused?.changedAt).not.toEqual(at(0))

  expect(await resumeSharing(acting(at(3)), { deviceId })).toEqual({
    kind: 'resumed',
    startedAt: at(1),
    endedAt: at(3),
  })
  expect(await resumeSharing(acting(at(4)), { deviceId })).toEqual({ kind: 'notPaused' })

  const audit = await database.db
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.deviceId, deviceId))
    .orderBy(auditEvents.id)
  expect(audit.map(({ action, actorName, reason }) => ({ action, actorName, reason }))).toEqual([
    { action: 'device.pauseSharing', actorName: 'Ana', reason: 'closed set' },
    { action: 'device.resumeSharing', actorName: 'Ana', reason: null },
  ])
})

test('one channel is paused apart from all channels', async () => {
  const deviceId = await insertDevice(database.db, await insertProject(database.db))
  expect(await pauseSharing(acting(at(1)), { deviceId, channel: 2 })).toMatchObject({ kind: 'paused' })
  expect(await pauseSharing(acting(at(2)), { deviceId })).toMatchObject({ kind: 'paused' })
  expect(await resumeSharing(acting(at(3)), { deviceId, channel: 2 })).toMatchObject({
    kind: 'resumed',
    startedAt: at(1),
  })
})

test('a clock that was set back does not make a window that ends before it began', async () => {
  const deviceId = await insertDevice(database.db, await insertProject(database.db))
  await pauseSharing(acting(at(10)), { deviceId })
  expect(await resumeSharing(acting(at(5)), { deviceId })).toEqual({
    kind: 'resumed',
    startedAt: at(10),
    endedAt: at(10),
  })
})

test('a device that uploads to another server is paused there, not here', async () => {
  const deviceId = await insertDevice(database.db, await insertProject(database.db))
  const uploadTo = 'https://other.example/'
  await database.db.update(devices).set({ projectId: null, uploadTo }).where(eq(devices.id, deviceId))
  expect(await pauseSharing(acting(at(1)), { deviceId })).toEqual({ kind: 'foreignDestination', uploadTo })
  expect(await resumeSharing(acting(at(1)), { deviceId })).toEqual({ kind: 'foreignDestination', uploadTo })
})

test('a device that is not there is said to be unknown', async () => {
  expect(await pauseSharing(acting(at(1)), { deviceId: crypto.randomUUID() })).toEqual({ kind: 'deviceUnknown' })
})
