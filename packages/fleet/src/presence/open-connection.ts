import { connections, deviceReports, devices } from '@rushes/db'
import { and, eq, isNull, sql } from 'drizzle-orm'
import { settleLostStore } from '../commands/settle-lost-store.ts'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'

export type OpenConnectionInput = {
  deviceId: string
  gatewayId: string
  remoteAddress: string | null
  agentVersion: string
  bootId: string
  hostname: string
  platform: string
  /** Names the device's outbox: another one than before means that its store was lost. */
  outboxId: string
}

export type OpenConnectionOutcome =
  | {
      kind: 'opened'
      /** Fences everything that is written about this connection. */
      epoch: number
      /** The connection that was open until now; its gateway finds out by `connectionsToClose`. */
      superseded: { epoch: number; gatewayId: string } | null
      /** The newest lifecycle event of this outbox that is stored. */
      lastSeq: number
    }
  /** Forgotten between its authentication and this. */
  | { kind: 'deviceGone' }

/** Opens a device's connection; an older one is superseded by it, wherever it is. */
export async function openConnection({ db, now }: Clocked, input: OpenConnectionInput): Promise<OpenConnectionOutcome> {
  return db.transaction(async (tx) => {
    // Holding the device's row, two connections of one identity take turns and the newer wins.
    const [device] = await tx
      .select({ firmwareVersion: devices.firmwareVersion })
      .from(devices)
      .where(and(eq(devices.id, input.deviceId), isNull(devices.revokedAt)))
      .for('no key update')
    if (device === undefined) return { kind: 'deviceGone' }

    const [superseded] = await tx
      .update(connections)
      .set({ closedAt: sql`clock_timestamp()`, closeReason: 'superseded' })
      .where(and(eq(connections.deviceId, input.deviceId), isNull(connections.closedAt)))
      .returning({ epoch: connections.epoch, gatewayId: connections.gatewayId })
    const { outboxId, ...told } = input
    const [opened] = await tx
      .insert(connections)
      .values({ ...told, openedAt: sql`clock_timestamp()` })
      .returning({ epoch: connections.epoch })
    if (opened === undefined) throw new Error('the insert of a connection returned no epoch')

    const [report] = await tx
      .select({ outboxId: deviceReports.outboxId, lastSeq: deviceReports.lastSeq })
      .from(deviceReports)
      .where(eq(deviceReports.deviceId, input.deviceId))
    const isStoreLost = report !== undefined && report.outboxId !== outboxId
    if (isStoreLost) await settleLostStore({ db: tx, now }, { deviceId: input.deviceId })
    if (device.firmwareVersion !== input.agentVersion) {
      await tx.update(devices).set({ firmwareVersion: input.agentVersion }).where(eq(devices.id, input.deviceId))
    }
    await announceDeviceChange(tx, { deviceIds: [input.deviceId] })
    return {
      kind: 'opened',
      epoch: opened.epoch,
      superseded: superseded ?? null,
      lastSeq: report === undefined || isStoreLost ? 0 : report.lastSeq,
    }
  })
}
