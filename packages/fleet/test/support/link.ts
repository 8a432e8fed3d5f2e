import { randomUUID } from 'node:crypto'
import type { Database } from '@rushes/db'
import type { DeviceStatus, LifecycleEvent, UploadReport } from '@rushes/protocol'
import { holdGatewayLease } from '../../src/presence/lease.ts'
import { openConnection } from '../../src/presence/open-connection.ts'

export async function startGateway(db: Database, lifetimeMs = 60_000): Promise<string> {
  const gatewayId = randomUUID()
  await holdGatewayLease({ db }, { gatewayId, lifetimeMs })
  return gatewayId
}

export async function connect(db: Database, deviceId: string, gatewayId: string, outboxId = 'outbox-1') {
  const opened = await openConnection(
    { db, now: new Date() },
    {
      deviceId,
      gatewayId,
      remoteAddress: '192.0.2.7',
      agentVersion: '1.0.0',
      bootId: 'boot-1',
      hostname: 'cart-3',
      platform: 'linux',
      outboxId,
    },
  )
  if (opened.kind !== 'opened') throw new Error(`not opened: ${opened.kind}`)
  return opened
}

export const statusOf = (over: Partial<DeviceStatus> = {}): DeviceStatus => ({
  project: null,
  projectEpoch: 1,
  destination: 'http://ingest.test',
  destinationIsOurs: true,
  hold: null,
  blockedBy: null,
  uploadLink: { state: 'up', lastSuccessAt: null, lastError: null },
  counts: {},
  bytes: { captured: 0, acknowledged: 0, verified: 0, waiting: 0 },
  rateBytesPerSecond: 0,
  volumes: [],
  ...over,
})

export const uploadOf = (id: string, over: Partial<UploadReport> = {}): UploadReport => ({
  id,
  path: `/card/${id}.mov`,
  sizeBytes: 1_000,
  capturedAt: '2026-11-22T09:00:00.000Z',
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
  updatedAt: '2026-11-22T09:01:00.000Z',
  ...over,
})

export const uploadChanged = (seq: number, upload: UploadReport): LifecycleEvent => ({
  seq,
  bootId: 'boot-1',
  at: '2026-11-22T09:01:00.000Z',
  body: { kind: 'uploadChanged', upload },
})
