import { clipTrash } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { getClip, listClipParts } from '../../src/assets/get-clip.ts'
import { countDeviceUploads, listDeviceUploads, type QueueCursor } from '../../src/devices/list-device-uploads.ts'
import { uploadsStoredSince, uploadsToWatch } from '../../src/devices/uploads-to-watch.ts'
import type { ClipCursor } from '../../src/uploads/clip-rows.ts'
import { countUploads, listUploads } from '../../src/uploads/list-uploads.ts'
import { seed } from './seed.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

const everything = { filter: {}, after: null, limit: 100 } as const
const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 8, minute))

test('a clip is one row: what the device reports joined with what the destination holds', async () => {
  const put = seed(database.db)
  const project = await put.project('Feature')
  const device = await put.device('Cart', { projectId: project.id })
  const assetId = await put.asset(device.id, project.id, { state: 'available', custody: 'verified' })
  await put.upload(device.id, {
    uploadId: 'u1',
    path: '/card/DCIM/A001.mov',
    state: 'verified',
    assetId,
    projectId: project.id,
  })
  const { rows } = await listUploads(database, everything)
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({
    uploadId: 'u1',
    assetId,
    name: 'A001.mov',
    deviceName: 'Cart',
    project: { name: 'Feature' },
    state: 'verified',
    custody: 'verified',
  })
})

test('assets of a device that does not report are listed by themselves; leftovers of one that does only when whole', async () => {
  const put = seed(database.db)
  const project = await put.project('Feature')
  const camera = await put.device('Camera', { projectId: project.id, isOurAgent: false })
  const agent = await put.device('Cart', { projectId: project.id })
  const half = await put.asset(camera.id, project.id, { name: 'half.mov', state: 'assembling' })
  await put.part(half, 1, { acknowledgedAt: at(1) })
  await put.part(half, 2)
  await put.asset(agent.id, project.id, { name: 'superseded.mov', state: 'closed', endedBecause: 'projectChanged' })
  await put.asset(agent.id, project.id, { name: 'orphan.mov', state: 'available', custody: 'sizeChecked' })
  const { rows } = await listUploads(database, everything)
  expect(rows.map((row) => [row.name, row.state, row.partsDone, row.partsTotal, row.bytesAcknowledged]).sort()).toEqual(
    [
      ['half.mov', 'uploading', 1, 2, 500],
      ['orphan.mov', 'uploaded', 0, 0, 0],
    ],
  )
})

test('an asset id of a foreign destination, whatever its form, joins with nothing', async () => {
  const put = seed(database.db)
  const device = await put.device('Cart', { uploadTo: 'https://elsewhere.example' })
  await put.upload(device.id, { uploadId: 'u1', assetId: 'not-a-uuid', state: 'uploaded', projectId: 'theirs' })
  const { rows } = await listUploads(database, everything)
  expect(rows).toMatchObject([
    { assetId: null, custody: null, isDestinationOurs: false, project: { id: 'theirs', name: null } },
  ])
})

test('pages give each clip once, the newest capture first, also where captures coincide', async () => {
  const put = seed(database.db)
  const devices = [await put.device('A'), await put.device('B')]
  for (const device of devices)
    for (let n = 0; n < 6; n += 1) await put.upload(device.id, { uploadId: `u${n}`, capturedAt: at(Math.floor(n / 3)) })
  const seen: string[] = []
  let after: ClipCursor | null = null
  do {
    const page: Awaited<ReturnType<typeof listUploads>> = await listUploads(database, {
      ...everything,
      after,
      limit: 5,
    })
    seen.push(...page.rows.map((row) => `${row.capturedAt} ${row.deviceId} ${row.uploadId}`))
    after = page.next
  } while (after !== null)
  expect(seen).toHaveLength(12)
  expect(new Set(seen).size).toBe(12)
  expect(seen).toEqual([...seen].sort().reverse())
})

test('a clip is found by the name that a person gave it, and by the path that its device knows', async () => {
  const put = seed(database.db)
  const project = await put.project('Feature')
  const device = await put.device('Cart', { projectId: project.id })
  const assetId = await put.asset(device.id, project.id, { name: 'Hero take.mov', relativePath: 'CLIPS/A007.mov' })
  await put.upload(device.id, { uploadId: 'u1', path: '/card/A007.mov', assetId, projectId: project.id })
  for (const search of ['hero take', 'a007', '/card']) {
    const { rows } = await listUploads(database, { ...everything, filter: { search } })
    expect(rows.map((row) => row.uploadId)).toEqual(['u1'])
  }
})

test('a clip whose stored bytes differ is neither among the verified nor among the uploaded, but needs attention', async () => {
  const put = seed(database.db)
  const project = await put.project('Feature')
  const device = await put.device('Cart', { projectId: project.id })
  const spoiled = {
    state: 'available',
    custody: 'mismatch',
    mismatchBecause: 'changed',
    firstMismatchNumber: 1,
  } as const
  const assetId = await put.asset(device.id, project.id, spoiled)
  await put.upload(device.id, { uploadId: 'u1', state: 'verified', assetId, projectId: project.id })
  await put.upload(device.id, { uploadId: 'u2', state: 'verified', projectId: project.id })
  const find = async (filter: Parameters<typeof listUploads>[1]['filter']) =>
    (await listUploads(database, { ...everything, filter })).rows.map((row) => row.uploadId)
  expect(await find({ states: ['verified', 'uploaded'] })).toEqual(['u2'])
  expect(await find({ needsAttention: true })).toEqual(['u1'])
  expect((await find({})).toSorted()).toEqual(['u1', 'u2'])
  expect(await countUploads(database, { filter: {} })).toEqual({ verified: 1, bytesDiffer: 1 })
  expect(await countUploads(database, { filter: { needsAttention: true } })).toEqual({ verified: 1 })
  expect(await find({ needsAttention: true, states: ['verified'] })).toEqual(['u1'])
})

test('clips are found by part of their path, state, custody, device and project', async () => {
  const put = seed(database.db)
  const project = await put.project('Feature')
  const device = await put.device('Cart', { projectId: project.id })
  await put.upload(device.id, {
    uploadId: 'u1',
    path: '/card/Scene_12/A001.MOV',
    state: 'failed',
    projectId: project.id,
  })
  await put.upload(device.id, { uploadId: 'u2', path: '/card/SceneX12/A002.MOV', state: 'held' })
  const find = async (filter: Parameters<typeof listUploads>[1]['filter']) =>
    (await listUploads(database, { ...everything, filter })).rows.map((row) => row.uploadId)
  expect(await find({ search: 'scene_12' })).toEqual(['u1'])
  expect(await find({ states: ['held', 'blocked'] })).toEqual(['u2'])
  expect(await find({ states: [] })).toEqual([])
  expect(await find({ projectId: project.id })).toEqual(['u1'])
  expect(await find({ deviceId: crypto.randomUUID() })).toEqual([])
  expect(await find({ custody: ['verified'] })).toEqual([])
  expect(await countUploads(database, { filter: { search: 'card', states: ['held'] } })).toEqual({ failed: 1, held: 1 })
})

test('the queue of a device shows what moves first, then in the order of capture, and what is home newest first', async () => {
  const put = seed(database.db)
  const device = await put.device('Cart')
  const rows = [
    ['home-old', 'verified', 1],
    ['home-new', 'uploaded', 9],
    ['waits-new', 'waiting', 8],
    ['waits-old', 'queued', 2],
    ['moves', 'uploading', 5],
    ['failed', 'failed', 3],
    ['held', 'held', 1],
    ['left-out', 'cleared', 1],
  ] as const
  for (const [uploadId, state, minute] of rows) await put.upload(device.id, { uploadId, state, capturedAt: at(minute) })
  const order: string[] = []
  let after: QueueCursor | null = null
  do {
    const page: Awaited<ReturnType<typeof listDeviceUploads>> = await listDeviceUploads(database, {
      deviceId: device.id,
      groups: null,
      after,
      limit: 3,
    })
    order.push(...page.rows.map((row) => row.id))
    after = page.next
  } while (after !== null)
  expect(order).toEqual(['moves', 'failed', 'waits-old', 'waits-new', 'held', 'home-new', 'home-old', 'left-out'])
  const some = await listDeviceUploads(database, {
    deviceId: device.id,
    groups: ['failed', 'held'],
    after: null,
    limit: 9,
  })
  expect(some.rows.map((row) => row.id)).toEqual(['failed', 'held'])
  expect(await countDeviceUploads(database, { deviceId: device.id })).toEqual({
    moving: 1,
    failed: 1,
    waiting: 2,
    held: 1,
    home: 2,
    leftOut: 1,
  })
})

test('a clip that its device calls verified is no longer home once its stored bytes are not sound, until it is thrown away', async () => {
  const put = seed(database.db)
  const project = await put.project('Feature')
  const [device, other] = [await put.device('Cart', { projectId: project.id }), await put.device('Other')]
  const mismatch = {
    state: 'available',
    custody: 'mismatch',
    mismatchBecause: 'changed',
    firstMismatchNumber: 1,
  } as const
  const unsound = { ...mismatch, custodyAt: new Date(Date.now() + 60_000) }
  const changed = await put.asset(device.id, project.id, unsound)
  const trashed = await put.asset(device.id, project.id, unsound)
  await database.db.insert(clipTrash).values({
    ...{ assetId: trashed, projectId: project.id, state: 'trashed', trashedAt: new Date() },
    ...{ trashedByKind: 'person', trashedBy: 'Ana' },
  })
  await put.upload(device.id, { uploadId: 'changed', state: 'verified', assetId: changed })
  await put.upload(device.id, { uploadId: 'trashed', state: 'verified', assetId: trashed })
  await put.upload(device.id, { uploadId: 'sound', state: 'verified', assetId: 'elsewhere-1' })
  // Another device that names the clip does not own it.
  await put.upload(other.id, { uploadId: 'changed', state: 'verified', assetId: changed })
  const queue = { groups: null, after: null, limit: 9 }
  const ofGroup = async (group: 'failed' | 'home') =>
    (await listDeviceUploads(database, { ...queue, deviceId: device.id, groups: [group] })).rows.map((row) => row.id)
  const { rows } = await listDeviceUploads(database, { ...queue, deviceId: device.id })
  expect(rows.map(({ id, mismatchBecause }) => [id, mismatchBecause])).toEqual([
    ['changed', 'changed'],
    ['sound', null],
    ['trashed', null],
  ])
  expect([await ofGroup('failed'), await ofGroup('home')]).toEqual([['changed'], ['sound', 'trashed']])
  expect(await countDeviceUploads(database, { deviceId: device.id })).toMatchObject({ failed: 1, home: 2 })
  expect(await countDeviceUploads(database, { deviceId: other.id })).toMatchObject({ failed: 0, home: 1 })

  // The live page: at first, and when nothing but the judgement of the stored bytes has changed.
  const { uploads } = await uploadsToWatch(database, { deviceId: device.id, limit: 9 })
  expect(uploads.find((upload) => upload.id === 'changed')?.mismatchBecause).toBe('changed')
  const since = await uploadsStoredSince(database, {
    ...{ deviceId: device.id, after: new Date(Date.now() + 30_000), limit: 9 },
  })
  expect(since.map((upload) => upload.id).sort()).toEqual(['changed', 'trashed'])
})

test('what needs a person is found whatever its state: failed, held, left out for a reason, waiting in vain, or stored wrong', async () => {
  const put = seed(database.db)
  const project = await put.project('Feature')
  const device = await put.device('Cart', { projectId: project.id })
  const camera = await put.device('Camera', { projectId: project.id, isOurAgent: false })
  for (const state of ['queued', 'failed', 'held', 'blocked', 'refused', 'verified', 'cleared', 'cancelled'] as const)
    await put.upload(device.id, { uploadId: state, state })
  await put.upload(device.id, { uploadId: 'heals', state: 'waiting', reason: 'offline' })
  await put.upload(device.id, { uploadId: 'stuck', state: 'waiting', reason: 'diskFull' })
  await put.asset(camera.id, project.id, {
    name: 'wrong.mov',
    state: 'available',
    custody: 'mismatch',
    mismatchBecause: 'sentOtherwise',
    firstMismatchNumber: 1,
  })
  const filter = { needsAttention: true } as const
  const { rows } = await listUploads(database, { filter, after: null, limit: 100 })
  expect(rows.map((row) => row.uploadId ?? row.name).sort()).toEqual([
    'blocked',
    'failed',
    'held',
    'refused',
    'stuck',
    'wrong.mov',
  ])
  expect(await countUploads(database, { filter })).toEqual({
    blocked: 1,
    failed: 1,
    held: 1,
    refused: 1,
    uploaded: 1,
    waiting: 1,
  })
})

test('a clip page has its parts with all three digests, and finds the one that differs', async () => {
  const put = seed(database.db)
  const project = await put.project('Feature')
  const device = await put.device('Cart', { projectId: project.id })
  const assetId = await put.asset(device.id, project.id, {
    state: 'available',
    custody: 'mismatch',
    mismatchBecause: 'sentOtherwise',
    firstMismatchNumber: 2,
  })
  const good = { acknowledgedAt: at(1), deviceXxh64: 'aa', receivedXxh64: 'aa', storedXxh64: 'aa' }
  await put.part(assetId, 1, good)
  await put.part(assetId, 2, { ...good, storedXxh64: 'bb', isFinal: true })
  await put.upload(device.id, { uploadId: 'u1', assetId, state: 'failed', reason: 'digestMismatch' })
  const found = await getClip(database, { assetId })
  expect(found).toMatchObject({
    kind: 'found',
    clip: {
      custody: { state: 'mismatch', firstMismatchNumber: 2 },
      partCounts: { total: 2, acknowledged: 2, acknowledgedBytes: 1000 },
      report: { id: 'u1', reason: 'digestMismatch' },
    },
  })
  const differing = await listClipParts(database, { assetId, afterNumber: 0, onlyDiffering: true, limit: 10 })
  expect(differing.parts.map((part) => part.number)).toEqual([2])
  const first = await listClipParts(database, { assetId, afterNumber: 0, onlyDiffering: false, limit: 1 })
  expect(first).toMatchObject({ parts: [{ number: 1 }], nextAfterNumber: 1 })
  expect(await getClip(database, { assetId: crypto.randomUUID() })).toEqual({ kind: 'clipUnknown' })
})
