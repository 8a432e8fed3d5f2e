import { type Database, deviceModels, deviceReports, devices, deviceUploads } from '@rushes/db'
import { and, asc, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import { isOnline } from '../presence/online.ts'

/** What can be looked at before it is sent; a move clears the queue like `clearQueue` does. */
export const previewKinds = [
  'retryUploads',
  'clearQueue',
  'holdUploads',
  'releaseUploads',
  'unblockUpload',
  'assignProject',
] as const
export type PreviewKind = (typeof previewKinds)[number]

export type CommandPreview = {
  devices: DevicePreview[]
  /** Ids that name no device, or none that takes commands. */
  unreachableDeviceIds: string[]
  total: { deviceCount: number; offlineCount: number; clipCount: number; byteCount: number }
}

export type DevicePreview = {
  deviceId: string
  name: string
  isOnline: boolean
  /** Clips that the command would touch, by what the device last told of them. */
  clipCount: number
  /** Bytes of those clips that have not reached the destination. */
  byteCount: number
  /** Of them, clips with bytes under way. */
  movingCount: number
  /** How old that account is; null when the device never gave one. */
  asOf: string | null
}

/** Which devices a command would reach, and how many clips and bytes it would touch on each. Changes nothing. */
export async function previewCommand(
  { db }: { db: Database },
  input: { kind: PreviewKind; deviceIds: readonly string[] },
): Promise<CommandPreview> {
  const touched = sql`${deviceUploads.vanishedAt} is null and ${touchedBy[input.kind]}`
  const found = await db
    .select({
      deviceId: devices.id,
      name: devices.name,
      isOnline: isOnline(devices.id),
      clipCount: sql<number>`(count(*) filter (where ${touched}))::int`,
      byteCount: sql<number>`coalesce(sum(${deviceUploads.sizeBytes} - ${deviceUploads.bytesAcknowledged} + ${deviceUploads.bytesLost}) filter (where ${touched}), 0)::float8`,
      movingCount: sql<number>`(count(*) filter (where ${touched} and ${deviceUploads.state} in ('registering', 'uploading')))::int`,
      asOf: deviceReports.receivedAt,
    })
    .from(devices)
    .innerJoin(deviceModels, eq(deviceModels.id, devices.modelId))
    .leftJoin(deviceReports, eq(deviceReports.deviceId, devices.id))
    .leftJoin(deviceUploads, eq(deviceUploads.deviceId, devices.id))
    .where(and(inArray(devices.id, [...input.deviceIds]), isNull(devices.revokedAt), takes(input.kind)))
    .groupBy(devices.id, deviceReports.receivedAt)
    .orderBy(asc(devices.name), asc(devices.id))
  const known = new Set(found.map((row) => row.deviceId))
  const sum = (of: (row: (typeof found)[number]) => number) => found.reduce((total, row) => total + of(row), 0)
  return {
    devices: found.map((row) => ({ ...row, asOf: row.asOf?.toISOString() ?? null })),
    unreachableDeviceIds: input.deviceIds.filter((id) => !known.has(id)),
    total: {
      deviceCount: found.length,
      offlineCount: sum((row) => (row.isOnline ? 0 : 1)),
      clipCount: sum((row) => row.clipCount),
      byteCount: sum((row) => row.byteCount),
    },
  }
}

const notUploaded = sql`${deviceUploads.state} in ('growing', 'queued', 'registering', 'uploading', 'waiting', 'held', 'failed')`

const touchedBy: Record<PreviewKind, SQL> = {
  retryUploads: sql`(${deviceUploads.state} = 'failed' or ${deviceUploads.reason} = 'awaitingRestart')`,
  clearQueue: notUploaded,
  assignProject: notUploaded,
  holdUploads: sql`${deviceUploads.state} in ('growing', 'queued', 'registering', 'uploading', 'waiting')`,
  unblockUpload: sql`${deviceUploads.reason} = 'capturedInPause'`,
  releaseUploads: sql`(${deviceUploads.state} in ('growing', 'queued', 'registering', 'uploading', 'waiting') or ${deviceUploads.reason} = 'heldByOperator')`,
}

/** Any device can be moved, unless another server decides; commands reach our agents alone. */
const takes = (kind: PreviewKind) =>
  kind === 'assignProject' ? isNull(devices.uploadTo) : eq(deviceModels.isOurAgent, true)
