import {
  assets,
  connections,
  deviceModels,
  deviceReports,
  devices,
  deviceUploads,
  gateways,
  pauseWindows,
  projectAssignments,
  projects,
} from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import type { DeviceStatus } from '@rushes/protocol'
import { standingOf, standings } from '@rushes/upload-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FleetCursor, fleetSorts, listFleet } from '../../src/devices/list-fleet.ts'
import { summarizeFleet } from '../../src/devices/summarize-fleet.ts'

/** One device for every combination of what a standing can follow from. */
const presences = ['online', 'offline', 'gatewayLost', 'neverConnected', 'noControlLink', 'revoked'] as const
const fences = ['none', 'confirmed', 'awaitingDevice'] as const
const reports: Record<string, Partial<DeviceStatus> | null> = {
  none: null,
  empty: { counts: {} },
  allVerified: { counts: { verified: 3 } },
  /** One of the three was found to have changed after the device had heard that it was verified. */
  allVerifiedOneUnsound: { counts: { verified: 3 } },
  onlyLeftOut: { counts: { cleared: 2, blocked: 1, refused: 1, cancelled: 1 } },
  uploading: { counts: { uploading: 1, queued: 2 } },
  registering: { counts: { registering: 1 } },
  queued: { counts: { queued: 2, verified: 1 } },
  growing: { counts: { growing: 1 } },
  unverified: { counts: { uploaded: 2 } },
  uploadedElsewhere: { counts: { uploaded: 2 }, destinationIsOurs: false },
  heldClip: { counts: { held: 1 } },
  onHold: { counts: { uploading: 1 }, hold: { since: '2026-11-22T09:00:00.000Z', by: 'operator' } },
  onHoldAllHome: { counts: { verified: 1 }, hold: { since: '2026-11-22T09:00:00.000Z', by: 'operator' } },
  failed: { counts: { failed: 1, uploading: 1 } },
  problem: { counts: {}, blockedBy: 'authorizationLost' },
  passing: { counts: { queued: 1 }, blockedBy: 'offline' },
}
const deviceCount = presences.length * fences.length * Object.keys(reports).length

const status = (over: Partial<DeviceStatus>): DeviceStatus => ({
  project: null,
  projectEpoch: 1,
  destination: 'http://ingest.test',
  destinationIsOurs: true,
  hold: null,
  blockedBy: null,
  uploadLink: { state: 'up', lastSuccessAt: null, lastError: null },
  counts: {},
  bytes: { captured: 100, acknowledged: 60, verified: 50, waiting: 40 },
  rateBytesPerSecond: 0,
  volumes: [],
  ...over,
})

async function putUnsound(deviceId: string): Promise<void> {
  const assetId = crypto.randomUUID()
  await database.db.insert(assets).values({
    ...{ id: assetId, deviceId, projectId, projectEpoch: 1, name: 'A001.mov', filetype: 'video/quicktime' },
    ...{ uploadKind: 'fixed', filesizeBytes: 7, capturedAt: new Date(), folder: 'x', storeKey: assetId },
    ...{ state: 'available', availableAt: new Date(), custody: 'mismatch', mismatchBecause: 'changed' },
    firstMismatchNumber: 1,
  })
  await database.db.insert(deviceUploads).values({
    ...{
      deviceId,
      uploadId: 'u1',
      path: '/card/A001.mov',
      sizeBytes: 7,
      state: 'verified',
      partsDone: 1,
      partsTotal: 1,
    },
    ...{ bytesAcknowledged: 7, attempts: 0, assetId, updatedAt: new Date() },
  })
}

let database: TestDatabase
const projectId = crypto.randomUUID()

beforeAll(async () => {
  database = await createTestDatabase()
  const { db } = database
  const [agent, other] = [crypto.randomUUID(), crypto.randomUUID()]
  const [alive, dead] = [crypto.randomUUID(), crypto.randomUUID()]
  await db.insert(projects).values({ id: projectId, name: 'Feature' })
  await db.insert(deviceModels).values([
    { id: agent, name: 'Rushes agent', isOurAgent: true },
    { id: other, name: 'Camera', clientSecretSha256: 'x' },
  ])
  await db.insert(gateways).values([
    { id: alive, leaseUntil: new Date(Date.now() + 3_600_000) },
    { id: dead, leaseUntil: new Date(Date.now() - 60_000) },
  ])
  for (const presence of presences) {
    for (const fence of fences) {
      for (const [reportName, report] of Object.entries(reports)) {
        const id = crypto.randomUUID()
        const name = `${presence} ${fence} ${reportName}`
        const epoch = fence === 'none' ? 0 : 1
        const confirmed = fence === 'confirmed' ? 1 : 0
        await db.insert(devices).values({
          id,
          name,
          clientId: name,
          modelId: presence === 'noControlLink' ? other : agent,
          projectId: epoch === 0 ? null : projectId,
          projectEpoch: epoch,
          meReadEpoch: confirmed,
          purgeReceiptEpoch: confirmed,
          revokedAt: presence === 'revoked' ? new Date() : null,
        })
        if (epoch > 0)
          await db
            .insert(projectAssignments)
            .values({ deviceId: id, projectEpoch: 1, toProjectId: projectId, assignedBy: 'x' })
        if (presence === 'online') await db.insert(connections).values({ deviceId: id, gatewayId: alive })
        if (presence === 'gatewayLost') await db.insert(connections).values({ deviceId: id, gatewayId: dead })
        if (presence === 'offline')
          await db
            .insert(connections)
            .values({ deviceId: id, gatewayId: alive, closedAt: new Date(), closeReason: 'drain' })
        if (report !== null)
          await db.insert(deviceReports).values({ deviceId: id, outboxId: 'o', status: status(report) })
        if (reportName === 'allVerifiedOneUnsound') await putUnsound(id)
        if (reportName === 'heldClip')
          await db.insert(pauseWindows).values({ deviceId: id, startedAt: new Date(), startedBy: 'Ana' })
      }
    }
  }
}, 60_000)
afterAll(() => database.drop())

const all = { filter: {}, sort: 'name', descending: false, after: null, limit: 1000 } as const

test('the database gives every device the standing that its row has in the browser', async () => {
  const { rows, totalCount } = await listFleet(database, all)
  expect([rows.length, totalCount]).toEqual([deviceCount, deviceCount])
  let covered = 0
  for (const standing of standings) {
    const expected = rows.filter((row) => standingOf(row) === standing).map((row) => row.name)
    const found = await listFleet(database, { ...all, filter: { standings: [standing] } })
    expect({ standing, names: found.rows.map((row) => row.name) }).toEqual({ standing, names: expected })
    covered += found.rows.length
  }
  expect(covered).toBe(deviceCount)
})

test('every row has figures of what is not sound, zeros too', async () => {
  const { rows } = await listFleet(database, all)
  const figures = (isUnsound: boolean) => rows.filter((row) => row.name.includes('OneUnsound') === isUnsound)
  const [none, one] = [figures(false), figures(true)]
  expect([none.length, one.length]).toEqual([
    deviceCount - presences.length * fences.length,
    presences.length * fences.length,
  ])
  for (const row of none)
    expect(row.unsound).toEqual({ clipCount: 0, reportedVerifiedCount: 0, reportedVerifiedBytes: 0 })
  for (const row of one)
    expect(row.unsound).toEqual({ clipCount: 1, reportedVerifiedCount: 1, reportedVerifiedBytes: 7 })
})

test('every standing occurs, so that the comparison above compares something', async () => {
  const { byStanding } = await summarizeFleet(database)
  expect(Object.keys(byStanding).sort()).toEqual([...standings].sort())
})

test('pages of seven, in every order and both directions, give each device exactly once', async () => {
  for (const sort of fleetSorts) {
    for (const descending of [false, true]) {
      const seen: string[] = []
      let after: FleetCursor | null = null
      do {
        const page: Awaited<ReturnType<typeof listFleet>> = await listFleet(database, {
          ...all,
          sort,
          descending,
          after,
          limit: 7,
        })
        seen.push(...page.rows.map((row) => row.deviceId))
        after = page.next
      } while (after !== null)
      expect({ sort, descending, count: seen.length, unique: new Set(seen).size }).toEqual({
        sort,
        descending,
        count: deviceCount,
        unique: deviceCount,
      })
    }
  }
}, 60_000)

test('the filters narrow to what they say', async () => {
  const find = async (filter: Parameters<typeof listFleet>[1]['filter']) =>
    (await listFleet(database, { ...all, filter })).rows
  expect((await find({ search: 'ONLINE CONFIRMED fail' })).map((row) => row.name)).toEqual(['online confirmed failed'])
  expect(await find({ search: '100%' })).toEqual([])
  expect((await find({ search: 'feature' })).every((row) => row.project?.name === 'Feature')).toBe(true)
  expect((await find({ projectId })).length).toBe((deviceCount / 3) * 2)
  expect((await find({ presence: 'online' })).every((row) => row.presence.state === 'online')).toBe(true)
  expect(new Set((await find({ presence: 'offline' })).map((row) => row.presence.state))).toEqual(
    new Set(['offline', 'neverConnected']),
  )
  expect((await find({ isSharingPaused: true })).every((row) => row.sharingPause !== null)).toBe(true)
})

test('the summary adds up clips and bytes by the devices’ own account, and says for how many there is none', async () => {
  const summary = await summarizeFleet(database)
  const perReport = presences.length * fences.length
  expect(summary.deviceCount).toBe(deviceCount)
  expect(summary.unreportedCount).toBe(perReport)
  expect(summary.clips).toEqual({
    // allVerified 3, allVerifiedOneUnsound 2, queued 1, uploadedElsewhere 2, onHoldAllHome 1
    homeCount: perReport * 9,
    // and the unsound one, uploading 3, registering 1, queued 2, growing 1, unverified 2, held 1, onHold 1, failed 2, passing 1
    totalCount: perReport * (9 + 15),
    failedCount: perReport,
    heldCount: perReport,
    leftOutCount: perReport * 5,
    unsoundCount: perReport,
    unsoundVerifiedCount: perReport,
  })
  // Seven bytes of each unsound clip are not verified any more.
  expect(summary.bytes.verified).toBe(perReport * ((Object.keys(reports).length - 1) * 50 - 7))
  expect(summary.bytes.waiting).toBe(perReport * (Object.keys(reports).length - 1) * 40)
  expect((await summarizeFleet(database, { projectId })).deviceCount).toBe((deviceCount / 3) * 2)
})
