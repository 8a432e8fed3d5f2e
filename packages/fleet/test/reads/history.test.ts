import { connections, deviceEvents, gateways, projectAssignments, purgeReceipts } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import type { LifecycleEvent } from '@rushes/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listActivity } from '../../src/activity/list-activity.ts'
import { recordAudit } from '../../src/audit/record.ts'
import { getDevice } from '../../src/devices/get-device.ts'
import { listTimeline, type TimelineCursor } from '../../src/devices/list-timeline.ts'
import { getProjectOverview } from '../../src/projects/overview.ts'
import { seed } from './seed.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 8, minute))
const actor = { kind: 'person', id: 'ana', name: 'Ana' } as const

const receipt = (deviceId: string, projectEpoch: number) => ({
  deviceId,
  projectEpoch,
  clearedCount: 10,
  clearedBytes: 5000,
  abortedCount: 1,
  idsXxh64: '00000000000000aa',
  clearedAt: at(8),
  receivedAt: at(9),
})

async function eventAt(deviceId: string, seq: number, minute: number, body: LifecycleEvent['body']) {
  await database.db
    .insert(deviceEvents)
    .values({ deviceId, outboxId: 'o', seq, bootId: 'b', at: at(minute), receivedAt: at(minute), body })
}

test('the timeline joins connections, changes, receipts and the device’s own events, the newest first, page by page', async () => {
  const put = seed(database.db)
  const device = await put.device('Cart')
  const gatewayId = crypto.randomUUID()
  await database.db.insert(gateways).values({ id: gatewayId, leaseUntil: at(59) })
  await database.db.insert(connections).values({
    deviceId: device.id,
    gatewayId,
    openedAt: at(1),
    closedAt: at(5),
    closeReason: 'drain',
    agentVersion: '0.1.0',
  })
  await recordAudit(
    { db: database.db, now: at(2), actor },
    { action: 'device.pauseSharing', target: { kind: 'device', id: device.id }, deviceId: device.id, reason: 'lunch' },
  )
  await eventAt(device.id, 1, 3, { kind: 'notice', code: 'queueRebuilt', message: 'The queue was rebuilt.' })
  await database.db.insert(purgeReceipts).values(receipt(device.id, 2))
  await eventAt(device.id, 2, 10, {
    kind: 'projectChanged',
    projectEpoch: 2,
    receipt: {
      fromProjectId: null,
      toProjectId: null,
      clearedCount: 10,
      clearedBytes: 5000,
      abortedCount: 1,
      idsXxh64: '00000000000000aa',
      clearedAt: at(8).toISOString(),
    },
  })
  const kinds: string[] = []
  let after: TimelineCursor | null = null
  do {
    const page: Awaited<ReturnType<typeof listTimeline>> = await listTimeline(database, {
      deviceId: device.id,
      after,
      limit: 2,
    })
    kinds.push(...page.entries.map((entry) => entry.kind))
    after = page.next
  } while (after !== null)
  // The project change is told once: by its receipt.
  expect(kinds).toEqual(['receipt', 'disconnected', 'event', 'audit', 'connected'])
})

test('a device page carries its moves with the receipt of each, the newest first', async () => {
  const put = seed(database.db)
  const [from, to] = [await put.project('Old'), await put.project('New')]
  const device = await put.device('Cart', { projectId: to.id, projectEpoch: 2 })
  const move = { deviceId: device.id, assignedBy: 'Ana' }
  await database.db.insert(projectAssignments).values([
    { ...move, projectEpoch: 1, toProjectId: from.id, assignedAt: at(1) },
    { ...move, projectEpoch: 2, fromProjectId: from.id, toProjectId: to.id, assignedAt: at(2), reason: 'wrong set' },
  ])
  await database.db.insert(purgeReceipts).values(receipt(device.id, 1))
  const found = await getDevice(database, { deviceId: device.id })
  expect(found).toMatchObject({
    kind: 'found',
    device: {
      row: { name: 'Cart', fence: { state: 'awaitingDevice' } },
      moves: [
        { projectEpoch: 2, from: { name: 'Old' }, to: { name: 'New' }, reason: 'wrong set', receipt: null },
        { projectEpoch: 1, from: null, receipt: { clearedCount: 10, abortedCount: 1 } },
      ],
    },
  })
  expect(await getDevice(database, { deviceId: crypto.randomUUID() })).toEqual({ kind: 'deviceUnknown' })
})

test('a project page counts what arrived and names the devices that have not confirmed a move into or out of it', async () => {
  const put = seed(database.db)
  const [from, to] = [await put.project('Old'), await put.project('New')]
  const waiting = await put.device('Waiting', { projectId: to.id, projectEpoch: 2 })
  const done = await put.device('Done', { projectId: to.id, projectEpoch: 2, meReadEpoch: 2, purgeReceiptEpoch: 2 })
  for (const device of [waiting, done])
    await database.db
      .insert(projectAssignments)
      .values({ deviceId: device.id, projectEpoch: 2, fromProjectId: from.id, toProjectId: to.id, assignedBy: 'Ana' })
  await put.asset(done.id, to.id, { state: 'available', custody: 'verified' })
  await put.asset(done.id, to.id, { state: 'assembling' })
  const incoming = await getProjectOverview({ ...database, now: at(30) }, { projectId: to.id })
  expect(incoming).toMatchObject({
    kind: 'found',
    project: {
      devices: { deviceCount: 2 },
      clips: { availableCount: 1, verifiedCount: 1, unfinishedCount: 1, failedCount: 0, availableBytes: 1000 },
      awaiting: [{ device: { name: 'Waiting' }, direction: 'in', other: { name: 'Old' }, hasReadProject: false }],
    },
  })
  const outgoing = await getProjectOverview({ ...database, now: at(30) }, { projectId: from.id })
  expect(outgoing).toMatchObject({ project: { awaiting: [{ direction: 'out', other: { name: 'New' } }] } })
  expect(await getProjectOverview({ ...database, now: at(30) }, { projectId: crypto.randomUUID() })).toEqual({
    kind: 'projectUnknown',
  })
})

test('the activity is filtered by subject, device, project and words, and paged by id', async () => {
  const put = seed(database.db)
  const project = await put.project('Feature')
  const device = await put.device('Cart', { projectId: project.id })
  const context = { db: database.db, now: at(1), actor }
  const target = { kind: 'device', id: device.id, name: device.name }
  await recordAudit(context, { action: 'device.pauseSharing', target, deviceId: device.id, reason: 'lunch break' })
  await recordAudit(context, { action: 'person.create', target: { kind: 'person', id: 'bea', name: 'Bea' } })
  await recordAudit(context, {
    action: 'project.create',
    target: { kind: 'project', id: project.id },
    projectId: project.id,
  })
  const find = async (filter: Parameters<typeof listActivity>[1]['filter']) =>
    (await listActivity(database, { filter, beforeId: null, limit: 10 })).entries.map((entry) => entry.action)
  expect(await find({})).toEqual(['project.create', 'person.create', 'device.pauseSharing'])
  expect(await find({ subject: 'person' })).toEqual(['person.create'])
  expect(await find({ deviceId: device.id })).toEqual(['device.pauseSharing'])
  expect(await find({ projectId: project.id })).toEqual(['project.create'])
  expect(await find({ search: 'LUNCH' })).toEqual(['device.pauseSharing'])
  expect(await find({ search: 'bea' })).toEqual(['person.create'])
  const first = await listActivity(database, { filter: {}, beforeId: null, limit: 2 })
  const second = await listActivity(database, { filter: {}, beforeId: first.nextBeforeId, limit: 2 })
  expect(second).toMatchObject({ entries: [{ action: 'device.pauseSharing' }], nextBeforeId: null })
})
