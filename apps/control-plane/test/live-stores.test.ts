import type { LiveFleetRow } from '@rushes/api'
import type { UploadRow } from '@rushes/fleet'
import { expect, test } from 'vitest'
import { compareInQueue, mergeQueue } from '../src/device-page/merge-queue.ts'
import { createDeviceStore } from '../src/live/device-store.ts'
import { createFleetStore } from '../src/live/fleet-store.ts'

const at = '2026-11-22T10:00:00.000Z'

const row = (deviceId: string, over: Partial<LiveFleetRow> = {}): LiveFleetRow => ({
  deviceId,
  name: deviceId,
  modelName: 'Rushes agent',
  isOurAgent: true,
  pairedAt: at,
  project: null,
  foreign: null,
  fence: { state: 'none' },
  presence: { state: 'online', since: at },
  sharingPause: null,
  report: null,
  unsound: { clipCount: 0, reportedVerifiedCount: 0, reportedVerifiedBytes: 0 },
  openExecutionCount: 0,
  agentVersion: null,
  hostname: null,
  platform: null,
  changedAt: at,
  lastCallAt: null,
  progress: null,
  ...over,
})

const reportOf = (waiting: number): LiveFleetRow['report'] => ({
  status: {
    project: null,
    projectEpoch: 1,
    destination: 'http://localhost:3002',
    destinationIsOurs: true,
    hold: null,
    blockedBy: null,
    uploadLink: { state: 'up', lastSuccessAt: at, lastError: null },
    counts: {},
    bytes: { captured: 1_000, acknowledged: 1_000 - waiting, verified: 0, waiting },
    rateBytesPerSecond: 7,
    volumes: [],
  },
  receivedAt: at,
  clockOffsetMs: null,
})

const upload = (id: string, over: Partial<UploadRow> = {}): UploadRow => ({
  id,
  path: `/card/${id}.mov`,
  sizeBytes: 1000,
  capturedAt: at,
  projectId: null,
  state: 'queued',
  reason: null,
  partsDone: 0,
  partsTotal: 1,
  bytesAcknowledged: 0,
  attempts: 0,
  error: null,
  assetId: null,
  nextAttemptAt: null,
  updatedAt: at,
  receivedAt: at,
  vanishedAt: null,
  mismatchBecause: null,
  ...over,
})

/** A store whose listeners are told when the test says so. */
function fleet() {
  const flushes: (() => void)[] = []
  const store = createFleetStore((flush) => flushes.push(flush))
  const told = { rows: [] as string[], changed: 0, reordered: 0 }
  store.changed.subscribe(() => {
    told.changed += 1
  })
  store.reordered.subscribe(() => {
    told.reordered += 1
  })
  return {
    store,
    told,
    flush: () => {
      for (const each of flushes.splice(0)) each()
    },
    waiting: flushes,
  }
}

const progress = (rateBytesPerSecond: number) => ({
  rateBytesPerSecond,
  bytesInFlight: 0,
  uploadCount: 1,
  receivedAt: at,
})
const changes = (rows: ({ deviceId: string } & Partial<LiveFleetRow>)[], removedDeviceIds: string[] = []) =>
  ({ type: 'changes', seq: 1, at, rows, removedDeviceIds }) as const

test('however fast the stream runs, listeners are told once per flush', () => {
  const { store, told, flush, waiting } = fleet()
  store.subscribeRow('a', () => told.rows.push('a'))
  store.apply({ type: 'snapshot', rows: [row('a')] })
  for (let rate = 0; rate < 100; rate += 1) store.apply(changes([{ deviceId: 'a', progress: progress(rate) }]))
  expect([told.rows, waiting.length]).toEqual([[], 1])
  flush()
  expect(told.rows).toEqual(['a'])
  expect(store.row('a')?.progress?.rateBytesPerSecond).toBe(99)
})

test('a rate alone does not reorder the list; a new standing, project or device does', () => {
  const { store, told, flush } = fleet()
  store.apply({ type: 'snapshot', rows: [row('a')] })
  flush()
  expect(told.reordered).toBe(1)
  store.apply(changes([{ deviceId: 'a', progress: progress(5) }]))
  flush()
  expect(told.reordered).toBe(1)
  store.apply(changes([{ deviceId: 'a', presence: { state: 'offline', since: at, because: 'drain' } }]))
  flush()
  expect(told.reordered).toBe(2)
})

test('what a new snapshot does not name is gone; before its end nothing is dropped', () => {
  const { store, flush } = fleet()
  store.apply({ type: 'snapshot', rows: [row('a'), row('b')] })
  store.apply({ type: 'snapshotEnd', seq: 1, at })
  store.apply({ type: 'snapshot', rows: [row('b')] })
  expect(store.row('a')).toBeDefined()
  store.apply({ type: 'snapshot', rows: [row('c')] })
  store.apply({ type: 'snapshotEnd', seq: 9, at })
  flush()
  expect([store.row('a'), store.row('b')?.name, store.row('c')?.name]).toEqual([undefined, 'b', 'c'])
})

test('an empty snapshot leaves an empty fleet, which is then known to be complete', () => {
  const { store } = fleet()
  expect(store.isComplete()).toBe(false)
  store.apply({ type: 'snapshotEnd', seq: 1, at })
  expect(store.isComplete()).toBe(true)
})

test('a part of a row that is not known is of no use; a whole one is a new device', () => {
  const { store } = fleet()
  store.apply(changes([{ deviceId: 'x', progress: progress(5) }, row('y')]))
  expect([store.row('x'), store.row('y')?.name]).toEqual([undefined, 'y'])
  store.apply(changes([], ['y']))
  expect(store.row('y')).toBeUndefined()
})

test('the rate of a fleet of which nobody told any is not known, which is not the same as none', () => {
  const { store } = fleet()
  store.apply({ type: 'snapshot', rows: [row('a'), row('b')] })
  expect(store.totalRate()).toBeNull()
  store.apply(changes([{ deviceId: 'a', progress: progress(0) }]))
  expect(store.totalRate()).toBe(0)
  store.apply(changes([{ deviceId: 'b', progress: progress(7) }]))
  expect(store.totalRate()).toBe(7)
})

test('the rate of the fleet leaves out what a device that has nothing left to send told last', () => {
  const { store } = fleet()
  store.apply({ type: 'snapshot', rows: [row('a'), row('b')] })
  for (const [deviceId, waiting] of Object.entries({ a: 0, b: 600 }))
    store.apply(changes([{ deviceId, progress: progress(7), report: reportOf(waiting) }]))
  expect(store.totalRate()).toBe(7)
})

test('a device is shown when its snapshot is whole, and grows by what comes after', () => {
  const flushes: (() => void)[] = []
  const store = createDeviceStore((flush) => flushes.push(flush))
  let eventful = 0
  store.eventful.subscribe(() => {
    eventful += 1
  })
  const snapshot = { type: 'snapshot' as const, row: row('a'), uploadCount: 2, executions: [], progress: [] }
  store.apply({ ...snapshot, uploads: [upload('u1')] })
  expect(store.view().isComplete).toBe(false)
  store.apply({ ...snapshot, uploads: [upload('u2')] })
  store.apply({ type: 'snapshotEnd', seq: 1, at })
  expect([...store.view().uploads.keys()]).toEqual(['u1', 'u2'])
  const news = { type: 'changes' as const, seq: 2, at, executions: [], progress: [], hasNewEvents: false }
  store.apply({ ...news, row: { deviceId: 'a', name: 'renamed' }, uploads: [upload('u1', { state: 'verified' })] })
  expect([store.view().row?.name, store.view().uploads.get('u1')?.state]).toEqual(['renamed', 'verified'])
  for (const flush of flushes.splice(0)) flush()
  expect(eventful).toBe(1)
})

test('the queue takes what the stream knows newer, drops what no longer fits, and adds what belongs among the loaded', () => {
  const loaded = [
    upload('moving', { state: 'uploading' }),
    upload('old', { capturedAt: '2026-11-22T08:00:00.000Z' }),
    upload('new'),
  ]
  const live = new Map(
    [
      upload('moving', { state: 'verified', receivedAt: '2026-11-22T10:00:05.000Z' }),
      upload('old', { bytesAcknowledged: 5, receivedAt: '2026-11-22T09:00:00.000Z' }),
      upload('between', { capturedAt: '2026-11-22T09:00:00.000Z' }),
      upload('beyond', { state: 'cleared' }),
    ].map((row) => [row.id, row]),
  )
  const all = mergeQueue(loaded, live, { groups: null, search: '', hasMore: false })
  expect(all.map((row) => row.id)).toEqual(['old', 'between', 'new', 'moving', 'beyond'])
  // The row of the server is newer than what the stream told before.
  expect(all[0]?.bytesAcknowledged).toBe(0)
  const more = mergeQueue(loaded, live, { groups: null, search: '', hasMore: true })
  expect(more.map((row) => row.id)).not.toContain('beyond')
  expect(mergeQueue(loaded, live, { groups: ['waiting'], search: 'OLD', hasMore: false }).map((row) => row.id)).toEqual(
    ['old'],
  )
})

test('the queue puts a clip whose stored bytes are not sound with what failed, though its device calls it verified', () => {
  const rows = [upload('home', { state: 'verified' }), upload('lost', { state: 'verified', mismatchBecause: 'gone' })]
  const shown = (groups: ['failed'] | ['home'] | null) =>
    mergeQueue(rows, new Map(), { groups, search: '', hasMore: false }).map((row) => row.id)
  expect([shown(null), shown(['failed']), shown(['home'])]).toEqual([['lost', 'home'], ['lost'], ['home']])
})

test('the order of the queue is total and the same whichever way it is asked', () => {
  const states = ['uploading', 'failed', 'queued', 'held', 'verified', 'cleared'] as const
  const rows = states.flatMap((state) => [upload(`${state}-b`, { state }), upload(`${state}-a`, { state })])
  for (const a of rows)
    for (const b of rows) expect(Math.sign(compareInQueue(a, b))).toBe(-Math.sign(compareInQueue(b, a)) + 0)
  expect([...rows].sort(compareInQueue).map((row) => row.id)).toEqual(
    states.flatMap((state) => [`${state}-a`, `${state}-b`]),
  )
})
