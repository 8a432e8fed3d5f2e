import { connections, deviceReports, gateways } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import type { DeviceStatus } from '@rushes/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { previewCommand } from '../../src/commands/preview.ts'
import { pauseSharing } from '../../src/devices/pause-sharing.ts'
import { pauseProjectSharing, resumeProjectSharing } from '../../src/projects/pause-sharing.ts'
import { seed } from './seed.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

const now = new Date('2026-11-22T10:00:00Z')
const actor = { kind: 'person', id: 'ana', name: 'Ana' } as const

test('a preview counts per device what a command would touch, without touching it', async () => {
  const put = seed(database.db)
  const device = await put.device('Cart')
  await put.upload(device.id, { uploadId: 'moving', state: 'uploading', bytesAcknowledged: 400 })
  await put.upload(device.id, { uploadId: 'queued', state: 'queued' })
  await put.upload(device.id, { uploadId: 'failed', state: 'failed', bytesAcknowledged: 300, bytesLost: 200 })
  await put.upload(device.id, { uploadId: 'last try', state: 'waiting', reason: 'awaitingRestart' })
  await put.upload(device.id, { uploadId: 'home', state: 'verified', bytesAcknowledged: 1000 })
  await put.upload(device.id, { uploadId: 'gone', state: 'queued', vanishedAt: now })
  const count = async (kind: Parameters<typeof previewCommand>[1]['kind']) => {
    const { devices } = await previewCommand(database, { kind, deviceIds: [device.id] })
    return devices.map(({ clipCount, byteCount, movingCount }) => ({ clipCount, byteCount, movingCount }))
  }
  expect(await count('clearQueue')).toEqual([{ clipCount: 4, byteCount: 3500, movingCount: 1 }])
  expect(await count('assignProject')).toEqual(await count('clearQueue'))
  expect(await count('retryUploads')).toEqual([{ clipCount: 2, byteCount: 1900, movingCount: 0 }])
  expect(await count('holdUploads')).toEqual([{ clipCount: 3, byteCount: 2600, movingCount: 1 }])
})

test('a preview says who is connected, how old each account is, and who is left out', async () => {
  const put = seed(database.db)
  const [online, silent] = [await put.device('A'), await put.device('B')]
  const camera = await put.device('Camera', { isOurAgent: false })
  const foreign = await put.device('Foreign', { uploadTo: 'https://elsewhere.example' })
  const gatewayId = crypto.randomUUID()
  await database.db.insert(gateways).values({ id: gatewayId, leaseUntil: new Date(Date.now() + 3_600_000) })
  await database.db.insert(connections).values({ deviceId: online.id, gatewayId })
  const status = {} as DeviceStatus // not read here
  await database.db.insert(deviceReports).values({ deviceId: online.id, outboxId: 'o', status, receivedAt: now })
  const unknown = crypto.randomUUID()
  const deviceIds = [online.id, silent.id, camera.id, foreign.id, unknown]
  const clear = await previewCommand(database, { kind: 'clearQueue', deviceIds })
  expect(clear.devices.map((device) => [device.name, device.isOnline, device.asOf])).toEqual([
    ['A', true, now.toISOString()],
    ['B', false, null],
    ['Foreign', false, null],
  ])
  expect(clear.unreachableDeviceIds.sort()).toEqual([camera.id, unknown].sort())
  expect(clear.total).toEqual({ deviceCount: 3, offlineCount: 2, clipCount: 0, byteCount: 0 })
  // Any device can be moved, but one whose project another server names.
  const move = await previewCommand(database, { kind: 'assignProject', deviceIds })
  expect(move.devices.map((device) => device.name)).toEqual(['A', 'B', 'Camera'])
})

test('sharing is paused on every device of a project, and on those alone that were not paused yet', async () => {
  const put = seed(database.db)
  const [project, other] = [await put.project('Feature'), await put.project('Other')]
  const a = await put.device('A', { projectId: project.id })
  await put.device('B', { projectId: project.id })
  await put.device('Elsewhere', { projectId: other.id })
  const context = { db: database.db, now, actor }
  const input = { projectId: project.id, reason: 'closed set' }
  expect(await pauseProjectSharing(context, input)).toEqual({ kind: 'changed', changedCount: 2, alreadyCount: 0 })
  expect(await pauseProjectSharing(context, input)).toEqual({ kind: 'changed', changedCount: 0, alreadyCount: 2 })
  expect(await database.db.query.pauseWindows.findMany()).toHaveLength(2)
  expect(await resumeProjectSharing(context, input)).toEqual({ kind: 'changed', changedCount: 2, alreadyCount: 0 })
  // A pause of one channel as well: nothing stays paused behind anybody's back.
  await pauseSharing(context, { deviceId: a.id, channel: 2 })
  expect(await resumeProjectSharing(context, input)).toEqual({ kind: 'changed', changedCount: 1, alreadyCount: 1 })
  expect((await database.db.query.pauseWindows.findMany()).filter(({ endedAt }) => endedAt === null)).toEqual([])
  expect(await pauseProjectSharing(context, { projectId: crypto.randomUUID() })).toEqual({ kind: 'projectUnknown' })
})
