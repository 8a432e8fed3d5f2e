import { deviceEvents, deviceReports, devices, deviceUploads } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import type { LifecycleEvent } from '@rushes/protocol'
import { and, asc, eq } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { markVanishedUploads } from '../../src/reports/mark-vanished.ts'
import { storeEvents } from '../../src/reports/store-events.ts'
import { storeStatus } from '../../src/reports/store-status.ts'
import { storeUploads } from '../../src/reports/store-uploads.ts'
import { seed } from '../reads/seed.ts'
import { insertDevice, insertProject } from '../support/fixtures.ts'
import { connect, startGateway, statusOf, uploadChanged, uploadOf } from '../support/link.ts'

let database: TestDatabase
let projectId: string
let deviceId: string
const outboxId = 'outbox-1'

beforeAll(async () => {
  database = await createTestDatabase()
  projectId = await insertProject(database.db)
})
afterAll(() => database.drop())
beforeEach(async () => {
  deviceId = await insertDevice(database.db, projectId)
})

const store = (events: LifecycleEvent[], snapshotSeq = 0) =>
  storeEvents({ db: database.db, now: new Date() }, { deviceId, outboxId, events, snapshotSeq })
const report = (over = {}, clockOffsetMs = 0, outbox = outboxId) =>
  storeStatus({ db: database.db }, { deviceId, outboxId: outbox, status: statusOf(over), clockOffsetMs })
const storedSeqs = async () => {
  const rows = await database.db
    .select({ seq: deviceEvents.seq })
    .from(deviceEvents)
    .where(eq(deviceEvents.deviceId, deviceId))
    .orderBy(asc(deviceEvents.id))
  return rows.map((row) => row.seq)
}
const upload = async (uploadId: string) => {
  const [row] = await database.db
    .select()
    .from(deviceUploads)
    .where(and(eq(deviceUploads.deviceId, deviceId), eq(deviceUploads.uploadId, uploadId)))
  return row
}
const lastSeq = async () => {
  const [row] = await database.db.select().from(deviceReports).where(eq(deviceReports.deviceId, deviceId))
  return row?.lastSeq
}

describe('lifecycle events', () => {
  test('however they are split, repeated and reordered, each is stored once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }), { maxLength: 8 }),
        async (total, batches) => {
          deviceId = await insertDevice(database.db, projectId)
          await report()
          const event = (seq: number) =>
            uploadChanged(seq, uploadOf('u', { state: 'uploading', bytesAcknowledged: seq }))
          for (const batch of batches) {
            const outcome = await store(batch.filter((seq) => seq <= total).map(event))
            expect(outcome).toMatchObject({ kind: 'stored', lastSeq: await lastSeq() })
          }
          // What the device does in the end: it sends what is not stored, from there on.
          const from = (await lastSeq()) ?? 0
          await store(Array.from({ length: total - from }, (_, n) => event(from + 1 + n)))
          expect(await storedSeqs()).toEqual(Array.from({ length: total }, (_, n) => n + 1))
          expect(await upload('u')).toMatchObject({ bytesAcknowledged: total })
        },
      ),
      { numRuns: 25 },
    )
  })

  test('after a gap they are left out, and the gap is told', async () => {
    await report()
    expect(await store([uploadChanged(1, uploadOf('a')), uploadChanged(3, uploadOf('c'))])).toEqual({
      kind: 'stored',
      lastSeq: 1,
      newCount: 1,
      isGapped: true,
      uploadIds: ['a'],
    })
    expect(await upload('c')).toBeUndefined()
  })

  test('that two gateways store at once are applied once', async () => {
    await report()
    const events = [1, 2, 3].map((seq) => uploadChanged(seq, uploadOf(`u${seq}`)))
    const outcomes = await Promise.all([store(events), store(events), store(events)])
    expect(outcomes.map((outcome) => ('newCount' in outcome ? outcome.newCount : 0)).sort()).toEqual([0, 0, 3])
    expect(await storedSeqs()).toEqual([1, 2, 3])
  })

  test('older than a snapshot make history but not state', async () => {
    await report()
    await storeUploads(database.db, { deviceId, uploads: [uploadOf('u', { state: 'uploaded' })] })
    await store([uploadChanged(1, uploadOf('u', { state: 'queued' }))], 1)
    expect(await storedSeqs()).toEqual([1])
    expect(await upload('u')).toMatchObject({ state: 'uploaded' })
  })

  test('of an outbox that nothing is known of wait for its snapshot', async () => {
    expect(await store([uploadChanged(1, uploadOf('a'))])).toEqual({ kind: 'outboxUnknown' })
    await report({}, 0, 'another')
    expect(await store([uploadChanged(1, uploadOf('a'))])).toEqual({ kind: 'outboxUnknown' })
  })

  test('begin anew with a new outbox, and the old ones stay', async () => {
    const gatewayId = await startGateway(database.db)
    expect(await connect(database.db, deviceId, gatewayId, outboxId)).toMatchObject({ lastSeq: 0 })
    await report()
    await store([uploadChanged(1, uploadOf('a')), uploadChanged(2, uploadOf('b'))])
    expect(await connect(database.db, deviceId, gatewayId, outboxId)).toMatchObject({ lastSeq: 2 })
    expect(await connect(database.db, deviceId, gatewayId, 'outbox-2')).toMatchObject({ lastSeq: 0 })
    await report({}, 0, 'outbox-2')
    expect(await lastSeq()).toBe(0)
    await storeEvents(
      { db: database.db, now: new Date() },
      { deviceId, outboxId: 'outbox-2', events: [uploadChanged(1, uploadOf('c'))], snapshotSeq: 0 },
    )
    expect(await storedSeqs()).toEqual([1, 2, 1])
  })
})

describe('snapshots', () => {
  test('mark what they no longer name, and unmark what they name again', async () => {
    await storeUploads(database.db, { deviceId, uploads: [uploadOf('kept'), uploadOf('gone')] })
    const named = new Set(['kept'])
    expect(await markVanishedUploads({ db: database.db }, { deviceId, namedUploadIds: named })).toEqual({
      vanishedIds: ['gone'],
    })
    expect(await upload('gone')).toMatchObject({ state: 'queued', vanishedAt: expect.any(Date) })
    await storeUploads(database.db, { deviceId, uploads: [uploadOf('gone')] })
    expect(await upload('gone')).toMatchObject({ vanishedAt: null })
  })

  test('that are as they were write nothing', async () => {
    await storeUploads(database.db, { deviceId, uploads: [uploadOf('a')] })
    const before = await upload('a')
    await storeUploads(database.db, { deviceId, uploads: [uploadOf('a')] })
    expect(await upload('a')).toEqual(before)
  })

  test('with characters that PostgreSQL cannot hold are stored with stand-ins', async () => {
    const path = '/card/a\0\uD800".mov'
    await report({ uploadLink: { state: 'down', lastSuccessAt: null, lastError: 'nul \0 \uDC00' } })
    await storeUploads(database.db, { deviceId, uploads: [uploadOf('a', { path })] })
    await store([uploadChanged(1, uploadOf('b', { path }))])
    expect(await upload('a')).toMatchObject({ path: '/card/a\u2400\uFFFD".mov' })
    expect(await upload('b')).toMatchObject({ path: '/card/a\u2400\uFFFD".mov' })
  })
})

test('the status of a device whose uploads go elsewhere names its project there', async () => {
  const { id } = await seed(database.db).device('Far-Cam', { uploadTo: 'https://c2c.example', projectEpoch: 0 })
  deviceId = id
  await report({ destinationIsOurs: false, project: { id: 'p-9', name: 'Theirs' } })
  const [row] = await database.db.select().from(devices).where(eq(devices.id, id))
  expect(row).toMatchObject({ foreignProjectId: 'p-9', foreignProjectName: 'Theirs' })
})
