import { connections, devices, gateways } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { changedDevices, devicesConnectedTo } from '../../src/devices/changed-devices.ts'
import { fleetRows } from '../../src/devices/fleet-rows.ts'
import { closeConnection } from '../../src/presence/close-connection.ts'
import { connectionsToClose } from '../../src/presence/connections-to-close.ts'
import { holdGatewayLease, stopGateway } from '../../src/presence/lease.ts'
import { isOnline } from '../../src/presence/online.ts'
import { openConnection } from '../../src/presence/open-connection.ts'
import { insertDevice, insertProject } from '../support/fixtures.ts'
import { connect, startGateway } from '../support/link.ts'

let database: TestDatabase
let deviceId: string
let projectId: string

beforeAll(async () => {
  database = await createTestDatabase()
  projectId = await insertProject(database.db)
})
afterAll(() => database.drop())
beforeEach(async () => {
  deviceId = await insertDevice(database.db, projectId)
  await database.db
    .update(devices)
    .set({ secretSha256: `secret-${deviceId}` })
    .where(eq(devices.id, deviceId))
})

const presence = async () => (await fleetRows({ db: database.db }, { deviceIds: [deviceId] }))[0]?.presence
const online = async () => {
  const [row] = await database.db
    .select({ isOnline: sql<boolean>`${isOnline(devices.id)}` })
    .from(devices)
    .where(eq(devices.id, deviceId))
  return row?.isOnline
}

test('a device is online while its connection is open and the lease of its gateway lies ahead', async () => {
  expect(await presence()).toEqual({ state: 'neverConnected' })
  const gatewayId = await startGateway(database.db)
  const { epoch } = await connect(database.db, deviceId, gatewayId)
  expect(await presence()).toMatchObject({ state: 'online' })
  expect(await online()).toBe(true)
  expect(await closeConnection({ db: database.db }, { epoch, reason: 'lost' })).toEqual({ kind: 'closed' })
  expect(await presence()).toMatchObject({ state: 'offline', because: 'lost' })
  expect(await online()).toBe(false)
})

test('when a gateway dies all its devices are offline with its lease, and back when it holds one again', async () => {
  const gatewayId = await startGateway(database.db)
  await connect(database.db, deviceId, gatewayId)
  const before = await changedDevices({ db: database.db }, { after: null })
  await database.db
    .update(gateways)
    .set({ leaseUntil: sql`clock_timestamp() - interval '1 second'` })
    .where(eq(gateways.id, gatewayId))
  expect(await presence()).toMatchObject({ state: 'offline', because: 'gatewayLost' })
  expect(await online()).toBe(false)
  const after = await changedDevices({ db: database.db }, { after: before.at })
  expect(before.aliveGatewayIds).toContain(gatewayId)
  expect(after.aliveGatewayIds).not.toContain(gatewayId)
  expect(await devicesConnectedTo({ db: database.db }, { gatewayIds: [gatewayId] })).toEqual([deviceId])
  await holdGatewayLease({ db: database.db }, { gatewayId })
  expect(await online()).toBe(true)
})

test('the newer of two connections wins, and a late close of the older one changes nothing', async () => {
  const [first, second] = [await startGateway(database.db), await startGateway(database.db)]
  const older = await connect(database.db, deviceId, first)
  const newer = await connect(database.db, deviceId, second)
  expect(newer.superseded).toEqual({ epoch: older.epoch, gatewayId: first })
  expect(await closeConnection({ db: database.db }, { epoch: older.epoch, reason: 'lost' })).toEqual({
    kind: 'alreadyClosed',
  })
  expect(await online()).toBe(true)
})

test('connections that race leave exactly one open', async () => {
  const gatewayId = await startGateway(database.db)
  const opened = await Promise.all(Array.from({ length: 8 }, () => connect(database.db, deviceId, gatewayId)))
  const open = await database.db
    .select({ epoch: connections.epoch })
    .from(connections)
    .where(sql`${connections.deviceId} = ${deviceId} and ${connections.closedAt} is null`)
  expect(open).toEqual([{ epoch: Math.max(...opened.map((one) => one.epoch)) }])
})

test('a gateway that stops in order closes its connections at once', async () => {
  const gatewayId = await startGateway(database.db)
  await connect(database.db, deviceId, gatewayId)
  expect(await stopGateway({ db: database.db }, { gatewayId })).toEqual({ closedDeviceIds: [deviceId] })
  expect(await presence()).toMatchObject({ state: 'offline', because: 'drain' })
})

test('a gateway learns which of its connections must end, and why', async () => {
  const gatewayId = await startGateway(database.db)
  const { epoch } = await connect(database.db, deviceId, gatewayId)
  const held = [{ epoch, secretSha256: `secret-${deviceId}` }]
  const ending = () => connectionsToClose({ db: database.db }, { held })
  const setSecrets = (secretSha256: string | null, previousSecretSha256: string | null) =>
    database.db.update(devices).set({ secretSha256, previousSecretSha256 }).where(eq(devices.id, deviceId))
  expect(await ending()).toEqual([])
  await setSecrets(`new-${deviceId}`, `secret-${deviceId}`)
  expect(await ending()).toEqual([])
  await setSecrets(`new-${deviceId}`, null)
  expect(await ending()).toEqual([{ epoch, because: 'revoked' }])
  await setSecrets(`secret-${deviceId}`, null)
  await connect(database.db, deviceId, gatewayId)
  expect(await ending()).toEqual([{ epoch, because: 'superseded' }])
  await database.db.update(devices).set({ revokedAt: new Date() }).where(eq(devices.id, deviceId))
  expect(await ending()).toEqual([{ epoch, because: 'revoked' }])
  await database.db.delete(devices).where(eq(devices.id, deviceId))
  expect(await ending()).toEqual([{ epoch, because: 'revoked' }])
})

test('a device that was revoked between its authentication and its hello gets no connection', async () => {
  const gatewayId = await startGateway(database.db)
  await database.db.update(devices).set({ revokedAt: new Date() }).where(eq(devices.id, deviceId))
  const told = { remoteAddress: null, agentVersion: '1', bootId: 'b', hostname: 'h', platform: 'p', outboxId: 'o' }
  expect(await openConnection({ db: database.db, now: new Date() }, { deviceId, gatewayId, ...told })).toEqual({
    kind: 'deviceGone',
  })
})

test('what changed is found by who polls, with the clock of the database', async () => {
  const { at } = await changedDevices({ db: database.db }, { after: null })
  const changedIds = async () =>
    (await changedDevices({ db: database.db }, { after: at })).changed.map((one) => one.deviceId)
  expect(await changedIds()).not.toContain(deviceId)
  await connect(database.db, deviceId, await startGateway(database.db))
  expect(await changedIds()).toContain(deviceId)
})
