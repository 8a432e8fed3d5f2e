import { randomUUID } from 'node:crypto'
import {
  assets,
  auditEvents,
  commandExecutions,
  commands,
  devices,
  projectAssignments,
  projects,
  tokenFamilies,
  tokenPairs,
} from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { enqueueCommand, type OperatorCommand } from '../../src/commands/enqueue.ts'
import { assignProject } from '../../src/devices/assign-project.ts'
import { fleetRows } from '../../src/devices/fleet-rows.ts'
import { seed } from '../reads/seed.ts'
import { ana, insertDevice, insertProject } from '../support/fixtures.ts'

let database: TestDatabase
let former: string
let next: string
let deviceId: string

beforeAll(async () => {
  database = await createTestDatabase()
  former = await insertProject(database.db, 'Harbour Nights')
  next = await insertProject(database.db, 'Day Two')
})
afterAll(() => database.drop())
beforeEach(async () => {
  deviceId = await insertDevice(database.db, former)
})

const acting = () => ({ db: database.db, now: new Date(), actor: ana })
const assign = (projectId: string | null) => assignProject(acting(), { deviceId, projectId, reason: 'second unit' })
const enqueue = async (body: OperatorCommand) => {
  const commandId = randomUUID()
  await enqueueCommand(acting(), { commandId, body, deviceIds: [deviceId] })
  return commandId
}
const executionStates = async () => {
  const rows = await database.db
    .select({ kind: commands.body, state: commandExecutions.state })
    .from(commandExecutions)
    .innerJoin(commands, eq(commands.id, commandExecutions.commandId))
    .where(eq(commandExecutions.deviceId, deviceId))
  return Object.fromEntries(rows.map((row) => [row.kind.kind, row.state]))
}

test('a move raises the fence in one transaction: epoch, tokens, clips, command, audit', async () => {
  const familyId = randomUUID()
  await database.db.insert(tokenFamilies).values({ id: familyId, deviceId })
  await database.db.insert(tokenPairs).values({
    familyId,
    projectEpoch: 1,
    accessSha256: randomUUID(),
    accessExpiresAt: new Date(Date.now() + 1e6),
    refreshSha256: randomUUID(),
    refreshExpiresAt: new Date(Date.now() + 1e6),
  })
  const { asset, part } = seed(database.db)
  const half = await asset(deviceId, former, { state: 'created' })
  await part(half, 1)
  const whole = await asset(deviceId, former, { state: 'available' })

  const outcome = await assign(next)
  expect(outcome).toMatchObject({ kind: 'assigned', projectEpoch: 2, fromProjectId: former, closedAssetIds: [half] })
  const [device] = await database.db.select().from(devices).where(eq(devices.id, deviceId))
  expect(device).toMatchObject({ projectId: next, projectEpoch: 2, meReadEpoch: 1, purgeReceiptEpoch: 1 })
  const [pair] = await database.db.select().from(tokenPairs).where(eq(tokenPairs.familyId, familyId))
  expect(pair).toMatchObject({ accessEndedAt: expect.any(Date), supersededAt: null })
  const stateOf = async (id: string) => (await database.db.select().from(assets).where(eq(assets.id, id)))[0]
  expect(await stateOf(half)).toMatchObject({ state: 'closed', endedBecause: 'projectChanged' })
  expect(await stateOf(whole)).toMatchObject({ state: 'available' })
  const [assignment] = await database.db
    .select()
    .from(projectAssignments)
    .where(and(eq(projectAssignments.deviceId, deviceId), eq(projectAssignments.projectEpoch, 2)))
  expect(assignment).toMatchObject({ fromProjectId: former, toProjectId: next, reason: 'second unit' })
  const [command] = await database.db
    .select()
    .from(commands)
    .where(eq(commands.id, 'commandId' in outcome ? (outcome.commandId ?? '') : ''))
  expect(command).toMatchObject({
    state: 'active',
    expiresAt: null,
    body: { kind: 'assignProject', projectId: next, projectName: 'Day Two', projectEpoch: 2 },
  })
  const [audit] = await database.db.select().from(auditEvents).where(eq(auditEvents.deviceId, deviceId))
  expect(audit).toMatchObject({ action: 'device.assignProject', projectId: next, reason: 'second unit' })
  const [row] = await fleetRows({ db: database.db }, { deviceIds: [deviceId] })
  expect(row).toMatchObject({
    project: { id: next, name: 'Day Two' },
    fence: { state: 'awaitingDevice', projectEpoch: 2, fromProjectName: 'Harbour Nights', hasReadProject: false },
    openExecutionCount: 1,
  })
})

test('what was asked for the former project is superseded, what was asked of the device is not', async () => {
  const retry = await enqueue({ kind: 'retryUploads', uploadIds: null })
  await enqueue({ kind: 'clearQueue' })
  await enqueue({ kind: 'holdUploads' })
  expect(await assign(next)).toMatchObject({ kind: 'assigned', supersededCount: 2 })
  expect(await executionStates()).toEqual({
    retryUploads: 'superseded',
    clearQueue: 'superseded',
    holdUploads: 'queued',
    assignProject: 'queued',
  })
  const [command] = await database.db.select().from(commands).where(eq(commands.id, retry))
  expect(command?.state).toBe('done')
})

test('a device that is moved again before it heard of the first move is told the last one alone', async () => {
  await assign(next)
  expect(await assign(former)).toMatchObject({ kind: 'assigned', projectEpoch: 3, supersededCount: 1 })
  const open = await database.db
    .select({ body: commands.body })
    .from(commandExecutions)
    .innerJoin(commands, eq(commands.id, commandExecutions.commandId))
    .where(and(eq(commandExecutions.deviceId, deviceId), eq(commandExecutions.state, 'queued')))
  expect(open).toEqual([{ body: expect.objectContaining({ projectEpoch: 3, projectId: former }) }])
})

test('moves that race are made one after the other, each with its epoch', async () => {
  const outcomes = await Promise.all([assign(next), assign(null), assign(next)])
  const epochs = outcomes.flatMap((outcome) => (outcome.kind === 'assigned' ? [outcome.projectEpoch] : []))
  expect(epochs.sort()).toEqual(epochs.map((_, n) => n + 2))
  const [device] = await database.db.select().from(devices).where(eq(devices.id, deviceId))
  expect(device?.projectEpoch).toBe(epochs.length + 1)
})

test('the same project again changes nothing', async () => {
  expect(await assign(former)).toEqual({ kind: 'sameProject', projectEpoch: 1 })
  expect(await executionStates()).toEqual({})
})

test('a device is not moved where it cannot be, and nothing is written then', async () => {
  const archived = randomUUID()
  await database.db.insert(projects).values({ id: archived, name: 'Old', archivedAt: new Date() })
  expect(await assign(archived)).toEqual({ kind: 'projectArchived' })
  expect(await assign(randomUUID())).toEqual({ kind: 'projectUnknown' })
  expect(await executionStates()).toEqual({})
  const { device } = seed(database.db)
  const to = (id: string) => assignProject(acting(), { deviceId: id, projectId: next })
  const uploadTo = 'https://c2c.example'
  expect(await to((await device('Far', { uploadTo })).id)).toEqual({ kind: 'foreignDestination', uploadTo })
  expect(await to((await device('Gone', { revokedAt: new Date() })).id)).toEqual({ kind: 'deviceRevoked' })
  expect(await to(randomUUID())).toEqual({ kind: 'deviceUnknown' })
})

test('a device that is not our agent is moved without a command', async () => {
  const { id } = await seed(database.db).device('Camera', { isOurAgent: false, projectId: former })
  expect(await assignProject(acting(), { deviceId: id, projectId: next })).toMatchObject({
    kind: 'assigned',
    commandId: null,
  })
})
