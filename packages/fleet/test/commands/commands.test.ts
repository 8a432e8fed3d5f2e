import { randomUUID } from 'node:crypto'
import { answerDeadlines, deliverable } from '@rushes/command-core'
import { auditEvents, commandExecutions, commands } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import type { CommandResult, ExecutionUpdate } from '@rushes/protocol'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { calledOffExecutions } from '../../src/commands/called-off.ts'
import { cancelCommand } from '../../src/commands/cancel.ts'
import { enqueueCommand, type OperatorCommand } from '../../src/commands/enqueue.ts'
import { getCommand } from '../../src/commands/get.ts'
import { listCommands } from '../../src/commands/list.ts'
import { listDeviceExecutions } from '../../src/commands/list-device-executions.ts'
import { recordExecutionUpdate } from '../../src/commands/record-update.ts'
import { toExecution } from '../../src/commands/stored-execution.ts'
import { sweepExecutions } from '../../src/commands/sweep.ts'
import { takeDeliverable } from '../../src/commands/take-deliverable.ts'
import { closeConnection } from '../../src/presence/close-connection.ts'
import { storeStatus } from '../../src/reports/store-status.ts'
import { seed } from '../reads/seed.ts'
import { ana, insertDevice, insertProject } from '../support/fixtures.ts'
import { connect, startGateway, statusOf } from '../support/link.ts'

let database: TestDatabase
let gatewayId: string
let projectId: string
let deviceId: string
const result: CommandResult = { fileCount: 2, byteCount: 10, idsXxh64: null, summary: '2 files' }

beforeAll(async () => {
  database = await createTestDatabase()
  gatewayId = await startGateway(database.db)
  projectId = await insertProject(database.db)
})
afterAll(() => database.drop())
beforeEach(async () => {
  deviceId = await insertDevice(database.db, projectId)
})

const acting = (now = new Date()) => ({ db: database.db, now, actor: ana })
const clocked = (now = new Date()) => ({ db: database.db, now })

async function enqueue(body: OperatorCommand, over: { validForMs?: number | null; now?: Date } = {}) {
  const { now, ...rest } = over
  const outcome = await enqueueCommand(acting(now), { commandId: randomUUID(), body, deviceIds: [deviceId], ...rest })
  const executionId = outcome.kind === 'enqueued' ? outcome.executions[0]?.executionId : undefined
  if (outcome.kind !== 'enqueued' || executionId === undefined) throw new Error(`not enqueued: ${outcome.kind}`)
  return { commandId: outcome.commandId, executionId }
}

const say = (executionId: string, outcome: ExecutionUpdate['outcome'], ofDevice = deviceId) =>
  recordExecutionUpdate(clocked(), {
    deviceId: ofDevice,
    update: { executionId, at: new Date().toISOString(), outcome },
  })
const take = async () => {
  const deliveries = await takeDeliverable({ db: database.db }, { gatewayId, deviceIds: [deviceId] })
  return deliveries.map((delivery) => delivery.executionId)
}
const stored = async (executionId: string) => {
  const [row] = await database.db.select().from(commandExecutions).where(eq(commandExecutions.id, executionId))
  if (row === undefined) throw new Error('no such execution')
  return row
}
const stateOf = async (executionId: string) => (await stored(executionId)).state
const commandState = async (commandId: string) => (await getCommand({ db: database.db }, { commandId }))?.state

describe('enqueueing', () => {
  test('writes command, execution and audit row together, and wakes in the same transaction', async () => {
    const { commandId, executionId } = await enqueue({ kind: 'holdUploads' })
    expect(await stored(executionId)).toMatchObject({ state: 'queued', lane: 'ordinary', version: 1, deviceId })
    const [audit] = await database.db
      .select()
      .from(auditEvents)
      .where(sql`${auditEvents.after}->>'commandId' = ${commandId}`)
    expect(audit).toMatchObject({ action: 'command.holdUploads', deviceId, actorName: 'Ana' })
  })

  test('the same id again enqueues nothing', async () => {
    const commandId = randomUUID()
    const input = { commandId, body: { kind: 'holdUploads' } as const, deviceIds: [deviceId] }
    const first = await enqueueCommand(acting(), input)
    expect(await enqueueCommand(acting(), input)).toEqual({
      ...('executions' in first ? { executions: first.executions } : {}),
      kind: 'alreadyEnqueued',
      commandId,
    })
  })

  test('leaves out devices that are unknown, revoked or without a control link, and says which', async () => {
    const { id: camera } = await seed(database.db).device('Camera', { isOurAgent: false })
    const { id: revoked } = await seed(database.db).device('Gone', { revokedAt: new Date() })
    const unknown = randomUUID()
    const outcome = await enqueueCommand(acting(), {
      commandId: randomUUID(),
      body: { kind: 'holdUploads' },
      deviceIds: [deviceId, camera, revoked, unknown, deviceId],
    })
    expect(outcome).toMatchObject({ kind: 'enqueued', executions: [{ deviceId }] })
    expect('skipped' in outcome ? new Set(outcome.skipped) : null).toEqual(
      new Set([
        { deviceId: camera, because: 'noControlLink' },
        { deviceId: revoked, because: 'revoked' },
        { deviceId: unknown, because: 'unknown' },
      ]),
    )
    const none = await enqueueCommand(acting(), {
      commandId: randomUUID(),
      body: { kind: 'holdUploads' },
      deviceIds: [unknown],
    })
    expect(none.kind).toBe('noDevices')
  })
})

describe('delivery', () => {
  test('waits for a device that is away, then is taken once per connection, recorded before it is sent', async () => {
    const { executionId } = await enqueue({ kind: 'holdUploads' })
    expect(await take()).toEqual([])
    const { epoch } = await connect(database.db, deviceId, gatewayId)
    expect(await take()).toEqual([executionId])
    expect(await stored(executionId)).toMatchObject({ state: 'delivered', deliveredEpoch: epoch, deliveryCount: 1 })
    expect(await take()).toEqual([])
  })

  test('is repeated on the next connection until it has ended, whatever the device has said so far', async () => {
    const { executionId } = await enqueue({ kind: 'holdUploads' })
    await connect(database.db, deviceId, gatewayId)
    await take()
    await say(executionId, { state: 'acknowledged' })
    await connect(database.db, deviceId, gatewayId)
    expect(await take()).toEqual([executionId])
    expect(await stored(executionId)).toMatchObject({ state: 'acknowledged', deliveryCount: 2 })
    await say(executionId, { state: 'succeeded', result })
    await connect(database.db, deviceId, gatewayId)
    expect(await take()).toEqual([])
  })

  test('gives what the lanes of command-core allow, in the order of giving', async () => {
    const clear = await enqueue({ kind: 'clearQueue' })
    const second = await enqueue({ kind: 'clearQueue' })
    const hold = await enqueue({ kind: 'holdUploads' })
    await connect(database.db, deviceId, gatewayId)
    const rows = await database.db.select().from(commandExecutions).where(eq(commandExecutions.deviceId, deviceId))
    const expected = deliverable(rows.map((row) => ({ ...row, ...toExecution(row) })))
    expect(await take()).toEqual(expected.map((one) => one.id))
    expect(expected.map((one) => one.id)).toEqual([clear.executionId, hold.executionId])
    await say(clear.executionId, { state: 'failed', errorCode: 'busy', message: 'busy' })
    expect(await take()).toEqual([second.executionId])
  })

  test('is not made at another gateway than the one that holds the connection', async () => {
    await enqueue({ kind: 'holdUploads' })
    const other = await startGateway(database.db)
    await connect(database.db, deviceId, other)
    expect(await take()).toEqual([])
  })
})

describe('what a device says', () => {
  test('moves forward only, and said twice changes nothing', async () => {
    const { commandId, executionId } = await enqueue({ kind: 'clearQueue' })
    await connect(database.db, deviceId, gatewayId)
    await take()
    await say(executionId, { state: 'running', step: 'clearing', percent: 40 })
    expect(await stored(executionId)).toMatchObject({ state: 'running', step: 'clearing', percent: 40 })
    const done = await say(executionId, { state: 'succeeded', result })
    expect(done).toEqual({ kind: 'recorded', state: 'succeeded', effects: ['confirmOutcome'], hasChanged: true })
    const { version } = await stored(executionId)
    expect(await say(executionId, { state: 'succeeded', result })).toMatchObject({
      state: 'succeeded',
      effects: ['confirmOutcome'],
      hasChanged: false,
    })
    expect(await say(executionId, { state: 'running', step: 'late', percent: 1 })).toMatchObject({ hasChanged: false })
    expect(await stored(executionId)).toMatchObject({ version, state: 'succeeded', step: 'clearing' })
    expect(await commandState(commandId)).toBe('done')
  })

  test('about an execution of another device is not believed', async () => {
    const { executionId } = await enqueue({ kind: 'holdUploads' })
    const stranger = await insertDevice(database.db, projectId, 'B-Cam')
    expect(await say(executionId, { state: 'succeeded', result }, stranger)).toEqual({ kind: 'executionUnknown' })
    expect(await stateOf(executionId)).toBe('queued')
  })

  test('in two connections at once is recorded once', async () => {
    const { commandId, executionId } = await enqueue({ kind: 'holdUploads' })
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => say(executionId, { state: 'succeeded', result })),
    )
    expect(outcomes.filter((outcome) => outcome.kind === 'recorded' && outcome.hasChanged)).toHaveLength(1)
    expect(await commandState(commandId)).toBe('done')
  })
})

describe('cancelling', () => {
  test('before it was handed over it certainly did not run', async () => {
    const { commandId, executionId } = await enqueue({ kind: 'clearQueue' })
    expect(await cancelCommand(acting(), { commandId })).toEqual({
      kind: 'cancelled',
      cancelledCount: 1,
      toldCount: 0,
    })
    expect(await stateOf(executionId)).toBe('cancelled')
    await connect(database.db, deviceId, gatewayId)
    expect(await take()).toEqual([])
    expect(await cancelCommand(acting(), { commandId })).toEqual({ kind: 'alreadyEnded', state: 'cancelled' })
  })

  test('of one that the device holds is told to it, and it ends when the device says so', async () => {
    const { commandId, executionId } = await enqueue({ kind: 'clearQueue' })
    const { epoch } = await connect(database.db, deviceId, gatewayId)
    await take()
    expect(await cancelCommand(acting(), { commandId })).toMatchObject({ cancelledCount: 0, toldCount: 1 })
    const calledOff = await calledOffExecutions({ db: database.db }, { gatewayId })
    expect(calledOff).toContainEqual({ deviceId, epoch, executionId })
    await connect(database.db, deviceId, gatewayId)
    const [again] = await takeDeliverable({ db: database.db }, { gatewayId, deviceIds: [deviceId] })
    expect(again?.frames).toEqual(['cancelCommand', 'command'])
    await say(executionId, { state: 'cancelled' })
    expect(await stateOf(executionId)).toBe('cancelled')
  })

  test('a command that is unknown or over is answered so', async () => {
    expect(await cancelCommand(acting(), { commandId: randomUUID() })).toEqual({ kind: 'commandUnknown' })
    const { commandId, executionId } = await enqueue({ kind: 'holdUploads' })
    await say(executionId, { state: 'succeeded', result })
    expect(await cancelCommand(acting(), { commandId })).toEqual({ kind: 'alreadyEnded', state: 'done' })
  })
})

describe('time', () => {
  const later = (ms: number) => new Date(Date.now() + ms)

  test('expires what was never handed over, and the command is done', async () => {
    const { commandId, executionId } = await enqueue({ kind: 'holdUploads' }, { validForMs: 1_000 })
    await sweepExecutions(clocked())
    expect(await stateOf(executionId)).toBe('queued')
    await sweepExecutions(clocked(later(1_500)))
    expect(await stateOf(executionId)).toBe('expired')
    expect(await commandState(commandId)).toBe('done')
  })

  test('of what a device may have got, says that nobody knows, and keeps what it says later', async () => {
    const { executionId } = await enqueue({ kind: 'holdUploads' }, { validForMs: 1_000 })
    const { epoch } = await connect(database.db, deviceId, gatewayId)
    await take()
    await closeConnection({ db: database.db }, { epoch, reason: 'lost' })
    await sweepExecutions(clocked(later(1_500)))
    expect(await stateOf(executionId)).toBe('timedOut')
    await say(executionId, { state: 'succeeded', result })
    expect(await stored(executionId)).toMatchObject({ state: 'timedOut', result })
  })

  test('a connected device that is silent does not block its lane for ever', async () => {
    const first = await enqueue({ kind: 'clearQueue' }, { validForMs: null })
    const second = await enqueue({ kind: 'clearQueue' }, { validForMs: null })
    await connect(database.db, deviceId, gatewayId)
    expect(await take()).toEqual([first.executionId])
    await sweepExecutions(clocked(later(answerDeadlines.acknowledgeWithinMs - 5_000)))
    expect(await take()).toEqual([])
    await sweepExecutions(clocked(later(answerDeadlines.acknowledgeWithinMs + 5_000)))
    expect(await take()).toEqual([second.executionId])
  })

  test('a device that came back without its store is not given again what it may have carried out', async () => {
    const { executionId } = await enqueue({ kind: 'clearQueue' })
    const waiting = await enqueue({ kind: 'clearQueue' })
    await connect(database.db, deviceId, gatewayId, 'outbox-1')
    await storeStatus({ db: database.db }, { deviceId, outboxId: 'outbox-1', status: statusOf(), clockOffsetMs: 0 })
    await take()
    await connect(database.db, deviceId, gatewayId, 'outbox-2')
    expect(await stateOf(executionId)).toBe('timedOut')
    expect(await take()).toEqual([waiting.executionId])
  })
})

describe('lists', () => {
  test('a command shows where it stands over its devices, pages neither skip nor repeat', async () => {
    const other = await insertDevice(database.db, projectId, 'C-Cam')
    const commandId = randomUUID()
    await enqueueCommand(acting(), { commandId, body: { kind: 'holdUploads' }, deviceIds: [deviceId, other] })
    const [execution] = await listDeviceExecutions({ db: database.db }, { deviceId, limit: 5 })
    expect(execution).toMatchObject({ state: 'queued', body: { kind: 'holdUploads' }, isCancelRequested: false })
    await say(execution?.executionId ?? '', { state: 'succeeded', result })
    const detail = await getCommand({ db: database.db }, { commandId })
    expect(detail).toMatchObject({ state: 'active', rollUp: { deviceCount: 2, openCount: 1, succeededCount: 1 } })
    expect(detail?.executions.map((one) => one.deviceName).sort()).toEqual(['A-Cam', 'C-Cam'])

    const seen: string[] = []
    let after: Awaited<ReturnType<typeof listCommands>>['next'] = null
    do {
      const page: Awaited<ReturnType<typeof listCommands>> = await listCommands(
        { db: database.db },
        { after, limit: 3 },
      )
      seen.push(...page.rows.map((row) => row.commandId))
      after = page.next
    } while (after !== null)
    const all = await database.db.select({ id: commands.id }).from(commands)
    expect([...seen].sort()).toEqual(all.map((row) => row.id).sort())
  })

  test('of a device keep all that is open, beyond the newest', async () => {
    const open = await enqueue({ kind: 'clearQueue' })
    for (let n = 0; n < 3; n += 1) {
      const { executionId } = await enqueue({ kind: 'holdUploads' })
      await say(executionId, { state: 'succeeded', result })
    }
    const rows = await listDeviceExecutions({ db: database.db }, { deviceId, limit: 2 })
    expect(rows).toHaveLength(3)
    expect(rows.at(-1)?.executionId).toBe(open.executionId)
  })
})
