import { connections, type Database, devices, gateways } from '@rushes/db'
import { and, gt, inArray, isNull, sql } from 'drizzle-orm'
import { isAlive } from '../presence/online.ts'

export type ChangePoll = {
  changed: { deviceId: string; changedAt: Date }[]
  /** The clock of the database, for the next poll. */
  at: Date
  /** Gateways that hold their lease: presence changes when this does, and no row is written then. */
  aliveGatewayIds: string[]
}

/** Devices whose row changed after an instant of the database's clock: finds what a lost wake-up would have told. */
export async function changedDevices({ db }: { db: Database }, input: { after: Date | null }): Promise<ChangePoll> {
  const { rows } = await db.execute<{ at: Date | string }>(sql`select clock_timestamp() as at`)
  const [clock] = rows
  if (clock === undefined) throw new Error('the database told no time')
  const changed =
    input.after === null
      ? []
      : await db
          .select({ deviceId: devices.id, changedAt: devices.changedAt })
          .from(devices)
          .where(gt(devices.changedAt, input.after))
  const alive = await db.select({ id: gateways.id }).from(gateways).where(isAlive())
  return {
    changed,
    at: new Date(clock.at),
    aliveGatewayIds: alive.map((row) => row.id).sort(),
  }
}

/** The devices whose connection at these gateways is open: their presence follows the gateways' leases. */
export async function devicesConnectedTo(
  { db }: { db: Database },
  input: { gatewayIds: readonly string[] },
): Promise<string[]> {
  if (input.gatewayIds.length === 0) return []
  const found = await db
    .select({ id: connections.deviceId })
    .from(connections)
    .where(and(inArray(connections.gatewayId, [...input.gatewayIds]), isNull(connections.closedAt)))
  return found.map((row) => row.id)
}
