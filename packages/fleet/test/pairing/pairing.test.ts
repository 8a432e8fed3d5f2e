import { assets, auditEvents, devices, pairingFailures, projectAssignments } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureDeviceModels } from '../../src/devices/ensure-models.ts'
import { approvePairing } from '../../src/pairing/approve.ts'
import { denyPairing } from '../../src/pairing/deny.ts'
import { listPendingPairings } from '../../src/pairing/list-pending.ts'
import { pollPairing } from '../../src/pairing/poll.ts'
import { requestPairingCode } from '../../src/pairing/request-code.ts'
import { authenticateAccess } from '../../src/tokens/authenticate-access.ts'
import { ana, insertProject } from '../support/fixtures.ts'
import { asksFor, clockAt, expectKind, newAgentId, pair } from '../support/pairing.ts'

let database: TestDatabase
let projectId: string
const clientSecret = 'a-secret-of-the-model'
beforeAll(async () => {
  database = await createTestDatabase()
  await ensureDeviceModels(database, { clientSecret })
  projectId = await insertProject(database.db)
})
afterAll(() => database.drop())

const start = () => clockAt('2026-11-22T12:00:00Z')
const ben = { kind: 'person', id: 'person-ben', name: 'Ben' } as const
const device = async (id: string) => {
  const [row] = await database.db.select().from(devices).where(eq(devices.id, id))
  if (row === undefined) throw new Error('no such device')
  return row
}

describe('asking to be let in', () => {
  test.each([
    ['no secret from a device that is not one of our agents', { clientId: 'serial-1' }, 'clientUnknown'],
    ['a wrong secret', { clientId: 'serial-1', clientSecret: 'wrong' }, 'clientUnknown'],
    ['a wrong secret from one of our agents', { clientSecret: 'wrong' }, 'clientUnknown'],
    ['another scope', { scope: 'asset_create' }, 'scopeInvalid'],
    ['no scope', { scope: '' }, 'scopeInvalid'],
    ['the words of the scope in another order', { scope: 'offline asset_create' }, 'requested'],
    ['the secret of the model', { clientId: 'serial-1', clientSecret }, 'requested'],
  ])('%s', async (_what, change, kind) => {
    const asked = await requestPairingCode(
      { db: database.db, now: start().now },
      { ...asksFor(newAgentId()), ...change },
    )
    expect(asked.kind).toBe(kind)
  })

  test('gives six digits for a person, a code for the device, at most 120 s, and is listed without its code', async () => {
    const clientId = newAgentId()
    const { now } = start()
    const asked = expectKind(await requestPairingCode({ db: database.db, now }, asksFor(clientId)), 'requested')
    expect(asked.userCode).toMatch(/^\d{6}$/)
    expect(asked.deviceCode.length).toBeGreaterThan(40)
    expect(asked.expiresInSeconds).toBeLessThanOrEqual(120)
    const listed = (await listPendingPairings({ db: database.db, now })).filter((row) => row.clientId === clientId)
    expect(listed).toMatchObject([{ deviceName: 'A-Cam', modelName: 'Rushes agent', knownDeviceId: null }])
    expect(JSON.stringify(listed)).not.toContain(asked.userCode)
  })

  test('one address cannot fill the list', async () => {
    const { now } = start()
    const kinds = []
    for (let i = 0; i < 31; i++) {
      const asked = await requestPairingCode(
        { db: database.db, now },
        { ...asksFor(newAgentId()), remoteAddress: '192.0.2.1' },
      )
      kinds.push(asked.kind)
    }
    expect(kinds.slice(0, 30)).toEqual(Array(30).fill('requested'))
    expect(kinds[30]).toBe('tooManyPending')
  })
})

describe('polling', () => {
  const ask = async (clientId = newAgentId()) => {
    const clock = start()
    const asked = expectKind(
      await requestPairingCode({ db: database.db, now: clock.now }, asksFor(clientId)),
      'requested',
    )
    const poll = (change = {}) =>
      pollPairing(
        { db: database.db, now: clock.now },
        { clientId, clientSecret: null, deviceCode: asked.deviceCode, ...change },
      )
    return { asked, poll, clock }
  }

  test('waits, and is told to slow down when it comes too early, with an interval longer by 5 s', async () => {
    const { asked, poll, clock } = await ask()
    expect(await poll()).toEqual({ kind: 'authorizationPending' })
    clock.advance(1_000)
    expect(await poll()).toEqual({ kind: 'slowDown' })
    clock.advance(asked.intervalSeconds * 1000)
    expect(await poll()).toEqual({ kind: 'slowDown' })
    clock.advance(20_000)
    expect(await poll()).toEqual({ kind: 'authorizationPending' })
  })

  test('a code that nobody approved expires, for the device and for the person', async () => {
    const { asked, poll, clock } = await ask()
    clock.advance(120_000)
    expect(await poll()).toEqual({ kind: 'codeExpired' })
    const approving = { userCode: asked.userCode, projectId, remoteAddress: null }
    expect(await approvePairing({ db: database.db, now: clock.now, actor: ana }, approving)).toEqual({
      kind: 'codeExpired',
    })
  })

  test('a code is good only with the client that asked for it', async () => {
    const { poll } = await ask()
    expect(await poll({ clientId: newAgentId() })).toEqual({ kind: 'codeInvalid' })
    expect(await poll({ clientSecret: 'wrong' })).toEqual({ kind: 'clientUnknown' })
    expect(await poll({ clientSecret })).toEqual({ kind: 'codeInvalid' })
    expect(await poll({ deviceCode: 'made-up' })).toEqual({ kind: 'codeInvalid' })
  })

  test('a device that is turned away learns so', async () => {
    const clientId = newAgentId()
    const { poll, clock } = await ask(clientId)
    const context = { db: database.db, now: clock.now, actor: ana }
    const request = (await listPendingPairings(context)).find((row) => row.clientId === clientId)
    const requestId = request?.id ?? ''
    expect(await denyPairing(context, { requestId })).toEqual({ kind: 'denied', deviceName: 'A-Cam' })
    expect(await denyPairing(context, { requestId })).toEqual({ kind: 'notPending' })
    expect(await poll()).toEqual({ kind: 'denied' })
  })
})

describe('approving', () => {
  test('a first pairing makes a device at epoch 1 without asking for a purge receipt, with an audit row', async () => {
    const { deviceId, approved, controlLink } = await pair(database.db, start(), projectId)
    expect(approved).toMatchObject({ pairedAgain: false, projectName: 'Harbour Nights', deviceName: 'A-Cam' })
    expect(controlLink?.deviceSecret).toMatch(new RegExp(`^rushes_dev_${deviceId}\\.`))
    expect(await device(deviceId)).toMatchObject({ projectId, projectEpoch: 1, meReadEpoch: 0, purgeReceiptEpoch: 1 })
    const moves = await database.db.select().from(projectAssignments).where(eq(projectAssignments.deviceId, deviceId))
    expect(moves).toMatchObject([{ projectEpoch: 1, fromProjectId: null, toProjectId: projectId, assignedBy: 'Ana' }])
    const audit = await database.db.select().from(auditEvents).where(eq(auditEvents.deviceId, deviceId))
    expect(audit).toMatchObject([{ action: 'pairing.approve', actorId: ana.id, projectId }])
  })

  test('pairing again into the same project keeps row and epoch, and ends the older tokens once the new ones are fetched', async () => {
    const clock = start()
    const first = await pair(database.db, clock, projectId)
    const again = await pair(database.db, clock, projectId, first.clientId)
    expect(again.approved).toMatchObject({ deviceId: first.deviceId, pairedAgain: true })
    expect(await device(first.deviceId)).toMatchObject({ projectEpoch: 1 })
    const access = (accessToken: string) => authenticateAccess({ db: database.db, now: clock.now }, { accessToken })
    expect(await access(first.tokens.accessToken)).toEqual({ kind: 'refused' })
    expect(await access(again.tokens.accessToken)).toMatchObject({ kind: 'authenticated' })
  })

  test('pairing again into another project grows the epoch, asks for a receipt and closes what was unfinished', async () => {
    const clock = start()
    const first = await pair(database.db, clock, projectId)
    const unfinished = crypto.randomUUID()
    await database.db.insert(assets).values({
      id: unfinished,
      deviceId: first.deviceId,
      projectId,
      projectEpoch: 1,
      name: 'a.mp4',
      filetype: 'video/mp4',
      uploadKind: 'realtime',
      capturedAt: clock.now,
      folder: 'Cloud Devices',
      storeKey: unfinished,
    })
    const other = await insertProject(database.db, 'Other')
    await pair(database.db, clock, other, first.clientId)
    expect(await device(first.deviceId)).toMatchObject({
      projectId: other,
      projectEpoch: 2,
      purgeReceiptEpoch: 1,
      meReadEpoch: 0,
    })
    const [closed] = await database.db.select().from(assets).where(eq(assets.id, unfinished))
    expect(closed).toMatchObject({ state: 'closed', endedBecause: 'projectChanged' })
  })

  test('a device with a foreign destination takes no project, keeps the address, and can come back', async () => {
    const clock = start()
    const clientId = newAgentId()
    const uploadTo = 'https://other.example/'
    const ask = async () =>
      expectKind(
        await requestPairingCode({ db: database.db, now: clock.now }, { ...asksFor(clientId), uploadTo }),
        'requested',
      )
    const approve = (userCode: string, project: string | null) =>
      approvePairing(
        { db: database.db, now: clock.now, actor: ana },
        { userCode, projectId: project, remoteAddress: null },
      )
    const asked = await ask()
    expect(await approve(asked.userCode, projectId)).toEqual({ kind: 'projectNotTaken', uploadTo })
    const approved = expectKind(await approve(asked.userCode, null), 'approved')
    expect(approved).toMatchObject({ uploadTo, projectId: null })
    expect(await device(approved.deviceId)).toMatchObject({ uploadTo, projectId: null, projectEpoch: 0 })

    await pair(database.db, clock, projectId, clientId)
    expect(await device(approved.deviceId)).toMatchObject({ uploadTo: null, projectId, projectEpoch: 1 })
    expectKind(await approve((await ask()).userCode, null), 'approved')
    expect(await device(approved.deviceId)).toMatchObject({ uploadTo, projectId: null, projectEpoch: 2 })
  })

  test.each([
    ['no project', null, 'projectRequired'],
    ['a project that is not there', crypto.randomUUID(), 'projectUnknown'],
  ])('with %s it says so', async (_what, project, kind) => {
    const { now } = start()
    const asked = expectKind(await requestPairingCode({ db: database.db, now }, asksFor(newAgentId())), 'requested')
    const approving = { userCode: asked.userCode, projectId: project, remoteAddress: null }
    expect((await approvePairing({ db: database.db, now, actor: ana }, approving)).kind).toBe(kind)
  })

  test('two people who approve at once: one does, the other is told who was quicker', async () => {
    const { now } = start()
    const asked = expectKind(await requestPairingCode({ db: database.db, now }, asksFor(newAgentId())), 'requested')
    const approving = {
      userCode: `${asked.userCode.slice(0, 3)} ${asked.userCode.slice(3)}`,
      projectId,
      remoteAddress: null,
    }
    const outcomes = await Promise.all(
      [ana, ben].map((actor) => approvePairing({ db: database.db, now, actor }, approving)),
    )
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual(['alreadyDecided', 'approved'])
  })

  test('ten wrong codes lock out the person and the address, and the right code with them, for 15 minutes', async () => {
    const clock = start()
    await database.db.delete(pairingFailures)
    const approve = (actor: typeof ben | typeof ana, userCode: string, remoteAddress: string | null) =>
      approvePairing({ db: database.db, now: clock.now, actor }, { userCode, projectId, remoteAddress })
    for (let i = 0; i < 10; i++) expect(await approve(ben, 'wrong', '192.0.2.9')).toEqual({ kind: 'codeUnknown' })
    const asked = expectKind(
      await requestPairingCode({ db: database.db, now: clock.now }, asksFor(newAgentId())),
      'requested',
    )
    expect(await approve(ben, asked.userCode, null)).toEqual({
      kind: 'lockedOut',
      until: new Date('2026-11-22T12:15:00Z'),
    })
    expect(await approve(ana, asked.userCode, '192.0.2.9')).toMatchObject({ kind: 'lockedOut' })
    expect(await approve(ana, asked.userCode, '192.0.2.10')).toMatchObject({ kind: 'approved' })
    clock.advance(15 * 60_000 + 1)
    expect(await approve(ben, 'wrong', null)).toEqual({ kind: 'codeUnknown' })
  })

  test('of wrong codes that are sent all at once no more than ten are tried', async () => {
    const { now } = start()
    await database.db.delete(pairingFailures)
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, () =>
        approvePairing(
          { db: database.db, now, actor: ben },
          { userCode: 'wrong', projectId, remoteAddress: '192.0.2.11' },
        ),
      ),
    )
    expect(outcomes.filter(({ kind }) => kind === 'codeUnknown')).toHaveLength(10)
    expect(outcomes.filter(({ kind }) => kind === 'lockedOut')).toHaveLength(30)
  })
})

describe('fetching the tokens', () => {
  test('again after a lost reply gives a pair that works and a secret that works, until one pair was used', async () => {
    const clock = start()
    const { poll, tokens: lost } = await pair(database.db, clock, projectId)
    clock.advance(30 * 60_000)
    const second = expectKind(await poll(), 'paired')
    expect(second.tokens.accessToken).not.toBe(lost.accessToken)
    const access = (accessToken: string) => authenticateAccess({ db: database.db, now: clock.now }, { accessToken })
    expect(await access(second.tokens.accessToken)).toMatchObject({ kind: 'authenticated' })
    expect(await access(lost.accessToken)).toEqual({ kind: 'refused' })
    expect(await poll()).toEqual({ kind: 'codeInvalid' })
  })

  test('is over an hour after the approval', async () => {
    const clock = start()
    const { poll } = await pair(database.db, clock, projectId)
    clock.advance(3_600_001)
    expect(await poll()).toEqual({ kind: 'codeExpired' })
  })
})

test('the secret of the generic model is shown once when generated, and replaced by a given one', async () => {
  await using other = await createTestDatabase()
  const made = await ensureDeviceModels(other, {})
  expect(made.generatedClientSecret?.length).toBeGreaterThan(40)
  expect(await ensureDeviceModels(other, {})).toEqual({ generatedClientSecret: null })
  const ask = async (secret: string) =>
    (await requestPairingCode({ db: other.db, now: start().now }, { ...asksFor('serial-1'), clientSecret: secret }))
      .kind
  expect(await ask(made.generatedClientSecret ?? '')).toBe('requested')
  expect(await ensureDeviceModels(other, { clientSecret: 'mine' })).toEqual({ generatedClientSecret: null })
  expect(await ask('mine')).toBe('requested')
  expect(await ask(made.generatedClientSecret ?? '')).toBe('clientUnknown')
})
