import { auditEvents, devices, tokenFamilies, tokenPairs } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { busy } from '../../src/context.ts'
import { ensureDeviceModels } from '../../src/devices/ensure-models.ts'
import { moveToProject } from '../../src/devices/move-to-project.ts'
import { authenticateAccess, authenticateAccesses } from '../../src/tokens/authenticate-access.ts'
import { authenticateDeviceSecret } from '../../src/tokens/authenticate-device-secret.ts'
import { deauthorizeDevice } from '../../src/tokens/deauthorize.ts'
import { grantByDeviceSecret } from '../../src/tokens/grant-by-device-secret.ts'
import { refreshTokenPair } from '../../src/tokens/refresh-pair.ts'
import { ana, insertProject } from '../support/fixtures.ts'
import { type Clock, clockAt, expectKind, pair } from '../support/pairing.ts'

let database: TestDatabase
let clock: Clock
let projectId: string
let paired: Awaited<ReturnType<typeof pair>>
beforeAll(async () => {
  database = await createTestDatabase()
  await ensureDeviceModels(database, {})
  projectId = await insertProject(database.db)
})
afterAll(() => database.drop())
beforeEach(async () => {
  clock = clockAt('2026-11-22T12:00:00Z')
  paired = await pair(database.db, clock, projectId)
})

const clocked = () => ({ db: database.db, now: clock.now })
const works = async (tokens: { accessToken: string }) =>
  (await authenticateAccess(clocked(), tokens)).kind === 'authenticated'
const refresh = (tokens: { refreshToken: string }) =>
  refreshTokenPair(clocked(), { clientId: paired.clientId, clientSecret: null, refreshToken: tokens.refreshToken })
const refreshed = async (tokens: { refreshToken: string }) => expectKind(await refresh(tokens), 'refreshed').tokens

describe('refreshing', () => {
  test('a reply that is lost costs nothing: the old pair works until the new one is first used', async () => {
    const lost = await refreshed(paired.tokens)
    expect(await works(paired.tokens)).toBe(true)
    const lostAgain = await refreshed(paired.tokens)
    const arrived = await refreshed(paired.tokens)
    expect(await works(arrived)).toBe(true)
    expect(await works(paired.tokens)).toBe(false)
    expect(await works(lost)).toBe(false)
    expect(await works(lostAgain)).toBe(false)
  })

  test('the old refresh token after the first use of its successor revokes the whole family, and says so in the audit', async () => {
    const next = await refreshed(paired.tokens)
    expect(await works(next)).toBe(true)
    expect(await refresh(paired.tokens)).toEqual({ kind: 'tokenReused' })
    expect(await works(next)).toBe(false)
    expect(await refresh(next)).toEqual({ kind: 'credentialsDead' })
    const [family] = await database.db.select().from(tokenFamilies).where(eq(tokenFamilies.deviceId, paired.deviceId))
    expect(family).toMatchObject({ revokedBecause: 'refreshTokenReused' })
    const audit = await database.db.select().from(auditEvents).where(eq(auditEvents.deviceId, paired.deviceId))
    expect(audit.map((row) => row.action)).toContain('device.revokeTokens')
  })

  test('refreshing with the new refresh token counts as its first use', async () => {
    const next = await refreshed(paired.tokens)
    await refreshed(next)
    expect(await refresh(paired.tokens)).toEqual({ kind: 'tokenReused' })
  })

  test('several refreshes at the same moment leave one working pair and no revoked family', async () => {
    const replies = await Promise.all([1, 2, 3, 4].map(() => refreshed(paired.tokens)))
    const [winner] = replies
    if (winner === undefined) throw new Error('no reply')
    expect(await works(winner)).toBe(true)
    expect(await works(winner)).toBe(true)
  })

  test('is bound to its client', async () => {
    const other = await pair(database.db, clock, projectId)
    const outcome = await refreshTokenPair(clocked(), {
      clientId: other.clientId,
      clientSecret: null,
      refreshToken: paired.tokens.refreshToken,
    })
    expect(outcome).toEqual({ kind: 'credentialsDead' })
    expect(await works(paired.tokens)).toBe(true)
  })

  test('access lives 8 hours, refresh 14 days', async () => {
    clock.advance(8 * 3_600_000 - 1)
    expect(await works(paired.tokens)).toBe(true)
    clock.advance(1)
    expect(await works(paired.tokens)).toBe(false)
    clock.advance(14 * 86_400_000)
    expect(await refresh(paired.tokens)).toEqual({ kind: 'credentialsDead' })
  })

  test('a token that nobody issued is dead credentials', async () => {
    expect(await refresh({ refreshToken: crypto.randomUUID() })).toEqual({ kind: 'credentialsDead' })
  })
})

test('tokens are stored as digests only', async () => {
  const rows = JSON.stringify(await database.db.select().from(tokenPairs))
  expect(rows).not.toContain(paired.tokens.accessToken)
  expect(rows).not.toContain(paired.tokens.refreshToken)
})

test('a move ends the access token at once; the refresh token gives one of the new epoch', async () => {
  expect(await works(paired.tokens)).toBe(true)
  const toProjectId = await insertProject(database.db, 'Other')
  const device = { id: paired.deviceId, projectId, projectEpoch: 1 }
  await database.db.transaction((tx) =>
    moveToProject({ ...clocked(), db: tx, actor: ana }, { device, toProjectId, reason: null }),
  )
  expect(await works(paired.tokens)).toBe(false)
  const next = await refreshed(paired.tokens)
  expect(await authenticateAccess(clocked(), next)).toMatchObject({
    device: { projectId: toProjectId, projectEpoch: 2 },
  })
})

test('an access token of an earlier epoch is refused even if nobody ended it', async () => {
  await database.db.update(devices).set({ projectEpoch: 2 }).where(eq(devices.id, paired.deviceId))
  expect(await works(paired.tokens)).toBe(false)
})

test('an authorization that has expired ends access, refresh and the control link', async () => {
  await database.db
    .update(devices)
    .set({ authorizationExpiresAt: new Date(clock.now.getTime() + 1_000) })
    .where(eq(devices.id, paired.deviceId))
  expect(await works(paired.tokens)).toBe(true)
  clock.advance(1_000)
  expect(await works(paired.tokens)).toBe(false)
  expect(await refresh(paired.tokens)).toEqual({ kind: 'credentialsDead' })
  const deviceSecret = paired.controlLink?.deviceSecret ?? ''
  expect(await authenticateDeviceSecret(clocked(), { deviceSecret })).toEqual({ kind: 'refused' })
})

describe('the device secret', () => {
  test('fetches a new pair when the tokens are gone, also after the family was revoked', async () => {
    const next = await refreshed(paired.tokens)
    await works(next)
    await refresh(paired.tokens)
    const deviceSecret = paired.controlLink?.deviceSecret ?? ''
    const granted = expectKind(
      await grantByDeviceSecret(clocked(), { clientId: paired.clientId, deviceSecret }),
      'granted',
    )
    expect(await works(granted.tokens)).toBe(true)
  })

  test('is no access token, and an access token is no device secret', async () => {
    expect(await works({ accessToken: paired.controlLink?.deviceSecret ?? '' })).toBe(false)
    expect(await authenticateDeviceSecret(clocked(), { deviceSecret: paired.tokens.accessToken })).toEqual({
      kind: 'refused',
    })
  })

  test('of another client is refused', async () => {
    const deviceSecret = paired.controlLink?.deviceSecret ?? ''
    expect(await grantByDeviceSecret(clocked(), { clientId: 'rushes-agent-other', deviceSecret })).toEqual({
      kind: 'secretUnknown',
    })
  })
})

describe('deauthorizing', () => {
  test('ends every credential of the device', async () => {
    const token = paired.tokens.refreshToken
    const outcome = await deauthorizeDevice(clocked(), { clientId: paired.clientId, clientSecret: null, token })
    expect(outcome).toEqual({ kind: 'deauthorized', deviceId: paired.deviceId })
    expect(await works(paired.tokens)).toBe(false)
    expect(await refresh(paired.tokens)).toEqual({ kind: 'credentialsDead' })
    const deviceSecret = paired.controlLink?.deviceSecret ?? ''
    expect(await authenticateDeviceSecret(clocked(), { deviceSecret })).toEqual({ kind: 'refused' })
    const [row] = await database.db.select().from(devices).where(eq(devices.id, paired.deviceId))
    expect(row?.revokedAt).toEqual(clock.now)
  })

  test('with a token of a pairing that was replaced changes nothing', async () => {
    const again = await pair(database.db, clock, projectId, paired.clientId)
    const token = paired.tokens.refreshToken
    expect(await deauthorizeDevice(clocked(), { clientId: null, clientSecret: null, token })).toEqual({
      kind: 'tokenUnknown',
    })
    expect(await works(again.tokens)).toBe(true)
  })
})

test('of several access tokens at once each has its own answer; one that comes for the first time waits its turn', async () => {
  const other = await pair(database.db, clock, projectId)
  const next = await refreshed(paired.tokens)
  expect(await works(paired.tokens)).toBe(true)
  expect(await works(other.tokens)).toBe(true)
  const asked = [other.tokens, next, paired.tokens].map(({ accessToken }) => accessToken)
  const [known, fresh, former, unknown] = await authenticateAccesses({ ...clocked(), wait: false }, [
    ...asked,
    'never-issued',
  ])
  expect(known).toMatchObject({ kind: 'authenticated', device: { id: other.deviceId } })
  expect(fresh).toBe(busy)
  expect([former, unknown]).toMatchObject([
    { kind: 'authenticated', device: { id: paired.deviceId } },
    { kind: 'refused' },
  ])
  expect(await works(next)).toBe(true)
  expect(await authenticateAccesses({ ...clocked(), wait: false }, asked)).toMatchObject([
    { kind: 'authenticated' },
    { kind: 'authenticated' },
    { kind: 'refused' },
  ])
})
