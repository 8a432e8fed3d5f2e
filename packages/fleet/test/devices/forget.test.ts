import { assets, auditEvents, devices } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { desc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { closeExpiredUploads } from '../../src/assets/close-expired.ts'
import { renameClip } from '../../src/assets/rename.ts'
import { ensureDeviceModels } from '../../src/devices/ensure-models.ts'
import { forgetDevice } from '../../src/devices/forget.ts'
import { setAuthorizationExpiry } from '../../src/devices/set-authorization-expiry.ts'
import { approvePairing } from '../../src/pairing/approve.ts'
import { requestPairingCode } from '../../src/pairing/request-code.ts'
import { authenticateAccess } from '../../src/tokens/authenticate-access.ts'
import { authenticateDeviceSecret } from '../../src/tokens/authenticate-device-secret.ts'
import { seed } from '../reads/seed.ts'
import { ana, insertProject } from '../support/fixtures.ts'
import { asksFor, type Clock, clockAt, expectKind, newAgentId, pair } from '../support/pairing.ts'

let database: TestDatabase
let projectId: string
let clock: Clock
let paired: Awaited<ReturnType<typeof pair>>

beforeAll(async () => {
  database = await createTestDatabase()
  await ensureDeviceModels(database, {})
  projectId = await insertProject(database.db)
})
afterAll(() => database.drop())
beforeEach(async () => {
  clock = clockAt('2026-11-22T10:00:00Z')
  paired = await pair(database.db, clock, projectId)
})

const acting = () => ({ db: database.db, now: clock.now, actor: ana })
const isLetIn = async () =>
  (await authenticateAccess(acting(), { accessToken: paired.tokens.accessToken })).kind === 'authenticated'
const clip = (id: string) => database.db.query.assets.findFirst({ where: eq(assets.id, id) })
const lastAudit = async () => (await database.db.select().from(auditEvents).orderBy(desc(auditEvents.id)).limit(1))[0]

test('a device that is forgotten can do nothing any more: tokens, control link, unfinished clips and new polls end at once', async () => {
  const { asset, part } = seed(database.db)
  const half = await asset(paired.deviceId, projectId, { state: 'created' })
  await part(half, 1)
  const whole = await asset(paired.deviceId, projectId, { state: 'available' })
  expect(await isLetIn()).toBe(true)

  const outcome = await forgetDevice(acting(), { deviceId: paired.deviceId, reason: 'stolen' })
  expect(outcome).toEqual({ kind: 'forgotten', closedAssetIds: [half] })
  expect(await isLetIn()).toBe(false)
  const deviceSecret = paired.controlLink?.deviceSecret ?? ''
  expect((await authenticateDeviceSecret(acting(), { deviceSecret })).kind).toBe('refused')
  expect((await paired.poll()).kind).toBe('codeInvalid')
  expect(await clip(half)).toMatchObject({ state: 'closed', endedBecause: 'forgotten' })
  expect(await clip(whole)).toMatchObject({ state: 'available' })
  expect(await lastAudit()).toMatchObject({ action: 'device.forget', reason: 'stolen', deviceId: paired.deviceId })
  expect((await forgetDevice(acting(), { deviceId: paired.deviceId })).kind).toBe('deviceRevoked')
  expect((await forgetDevice(acting(), { deviceId: crypto.randomUUID() })).kind).toBe('deviceUnknown')
})

test('a device that was forgotten is the same one when it is paired again', async () => {
  await forgetDevice(acting(), { deviceId: paired.deviceId })
  const again = await pair(database.db, clock, projectId, paired.clientId)
  expect(again.approved).toMatchObject({ deviceId: paired.deviceId, pairedAgain: true })
  paired = again
  expect(await isLetIn()).toBe(true)
})

test('an authorization ends at its instant, and with it what the device had not finished', async () => {
  const { asset, part } = seed(database.db)
  const half = await asset(paired.deviceId, projectId, { state: 'created' })
  await part(half, 1)
  const expiresAt = new Date(clock.now.getTime() + 60_000)
  const set = await setAuthorizationExpiry(acting(), { deviceId: paired.deviceId, expiresAt })
  expect(set).toEqual({ kind: 'set', expiresAt })
  expect(await isLetIn()).toBe(true)
  expect(await closeExpiredUploads(acting())).toEqual({ closedIds: [] })

  clock.advance(60_000)
  expect(await isLetIn()).toBe(false)
  expect(await closeExpiredUploads(acting())).toEqual({ closedIds: [half] })
  expect(await clip(half)).toMatchObject({ state: 'closed', endedBecause: 'authorizationExpired' })
  expect(await closeExpiredUploads(acting())).toEqual({ closedIds: [] })

  await setAuthorizationExpiry(acting(), { deviceId: paired.deviceId, expiresAt: null })
  expect(await isLetIn()).toBe(true)
})

test('the time zone of whoever lets a device in becomes its own; one that there is not lets nobody in', async () => {
  const approve = async (clientId: string, timezone: string | null) => {
    const asked = expectKind(await requestPairingCode(acting(), asksFor(clientId)), 'requested')
    return approvePairing(acting(), { userCode: asked.userCode, projectId, timezone, remoteAddress: null })
  }
  const zoneOf = async (clientId: string) =>
    (await database.db.query.devices.findFirst({ where: eq(devices.clientId, clientId) }))?.timezone
  const clientId = newAgentId()
  expect((await approve(clientId, 'Mars/Olympus')).kind).toBe('timezoneUnknown')
  expect(await zoneOf(clientId)).toBeUndefined()
  for (const [given, kept] of [
    ['America/Denver', 'America/Denver'],
    [null, 'America/Denver'],
    ['Asia/Tokyo', 'Asia/Tokyo'],
  ] as const) {
    expect((await approve(clientId, given)).kind).toBe('approved')
    expect(await zoneOf(clientId)).toBe(kept)
  }
})

test.each([
  [' take 7.mov ', { kind: 'renamed', name: 'take 7.mov' }],
  ['  ', { kind: 'clipNameInvalid' }],
  ['two\nlines', { kind: 'clipNameInvalid' }],
  ['n'.repeat(256), { kind: 'clipNameInvalid' }],
  ['half a \ud800', { kind: 'clipNameInvalid' }],
])('a clip that is renamed %j', async (name, outcome) => {
  const assetId = await seed(database.db).asset(paired.deviceId, projectId, { state: 'created', nameIsDefault: true })
  expect(await renameClip(acting(), { assetId, name })).toEqual(outcome)
  expect(await clip(assetId)).toMatchObject({ nameIsDefault: outcome.kind !== 'renamed' })
})
