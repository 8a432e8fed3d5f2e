import { type Database, devices, pauseWindows, projectAssignments, projects, purgeReceipts } from '@rushes/db'
import { desc, eq } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { FleetRow } from './fleet-row.ts'
import { fleetRows } from './fleet-rows.ts'

/** A device as its page shows it, but for its queue, commands and timeline, which come page by page. Ready for JSON. */
export type DeviceDetail = {
  row: FleetRow
  clientId: string
  timezone: string | null
  authorizationExpiresAt: string | null
  /** The newest moves first, at most twenty. */
  moves: DeviceMove[]
  /** The newest windows first, at most twenty. */
  pauseWindows: DevicePauseWindow[]
}

export type DeviceMove = {
  projectEpoch: number
  from: { id: string; name: string } | null
  to: { id: string; name: string } | null
  assignedBy: string
  assignedAt: string
  reason: string | null
  /** What the device says it cleared; null until it has confirmed. */
  receipt: {
    clearedCount: number
    clearedBytes: number
    abortedCount: number
    idsXxh64: string
    clearedAt: string
    receivedAt: string
  } | null
}

export type DevicePauseWindow = {
  id: string
  channel: number | null
  startedAt: string
  startedBy: string
  reason: string | null
  endedAt: string | null
  endedBy: string | null
}

const maxMoves = 20
const maxPauseWindows = 20

export async function getDevice(
  { db }: { db: Database },
  input: { deviceId: string },
): Promise<{ kind: 'found'; device: DeviceDetail } | { kind: 'deviceUnknown' }> {
  const [row] = await fleetRows({ db }, { deviceIds: [input.deviceId] })
  const [stored] = await db
    .select({ clientId: devices.clientId, timezone: devices.timezone, expiresAt: devices.authorizationExpiresAt })
    .from(devices)
    .where(eq(devices.id, input.deviceId))
  if (row === undefined || stored === undefined) return { kind: 'deviceUnknown' }
  return {
    kind: 'found',
    device: {
      row,
      clientId: stored.clientId,
      timezone: stored.timezone,
      authorizationExpiresAt: stored.expiresAt?.toISOString() ?? null,
      moves: await selectMoves(db, input.deviceId),
      pauseWindows: await selectPauseWindows(db, input.deviceId),
    },
  }
}

async function selectMoves(db: Database, deviceId: string): Promise<DeviceMove[]> {
  const [from, to] = [alias(projects, 'from_project'), alias(projects, 'to_project')]
  const found = await db
    .select({ move: projectAssignments, fromName: from.name, toName: to.name })
    .from(projectAssignments)
    .leftJoin(from, eq(from.id, projectAssignments.fromProjectId))
    .leftJoin(to, eq(to.id, projectAssignments.toProjectId))
    .where(eq(projectAssignments.deviceId, deviceId))
    .orderBy(desc(projectAssignments.projectEpoch))
    .limit(maxMoves)
  const receipts = await db.select().from(purgeReceipts).where(eq(purgeReceipts.deviceId, deviceId))
  const receiptOf = new Map(receipts.map((receipt) => [receipt.projectEpoch, receipt]))
  return found.map(({ move, fromName, toName }) => {
    const receipt = receiptOf.get(move.projectEpoch)
    return {
      projectEpoch: move.projectEpoch,
      from: move.fromProjectId === null ? null : { id: move.fromProjectId, name: fromName ?? '' },
      to: move.toProjectId === null ? null : { id: move.toProjectId, name: toName ?? '' },
      assignedBy: move.assignedBy,
      assignedAt: move.assignedAt.toISOString(),
      reason: move.reason,
      receipt:
        receipt === undefined
          ? null
          : {
              clearedCount: receipt.clearedCount,
              clearedBytes: receipt.clearedBytes,
              abortedCount: receipt.abortedCount,
              idsXxh64: receipt.idsXxh64,
              clearedAt: receipt.clearedAt.toISOString(),
              receivedAt: receipt.receivedAt.toISOString(),
            },
    }
  })
}

async function selectPauseWindows(db: Database, deviceId: string): Promise<DevicePauseWindow[]> {
  const found = await db
    .select()
    .from(pauseWindows)
    .where(eq(pauseWindows.deviceId, deviceId))
    .orderBy(desc(pauseWindows.startedAt))
    .limit(maxPauseWindows)
  return found.map((window) => ({
    id: window.id,
    channel: window.channel,
    startedAt: window.startedAt.toISOString(),
    startedBy: window.startedBy,
    reason: window.reason,
    endedAt: window.endedAt?.toISOString() ?? null,
    endedBy: window.endedBy,
  }))
}
