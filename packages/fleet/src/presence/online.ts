import { connections, gateways } from '@rushes/db'
import { type AnyColumn, type SQL, sql } from 'drizzle-orm'

/**
 * Presence is a lease: a device is online iff its connection is open and that connection's gateway is alive, by the clock of
 * the database. For use in any query that has the device's id as a column: `where(isOnline(devices.id))`.
 */
export function isOnline(deviceId: AnyColumn): SQL<boolean> {
  return sql<boolean>`exists (
    select from ${connections} join ${gateways} on ${gateways.id} = ${connections.gatewayId}
    where ${connections.deviceId} = ${deviceId} and ${connections.closedAt} is null and ${isAlive()}
  )`
}

/** Whether the gateway of the row at hand holds its lease. A stopped one gave it up at once. */
export function isAlive(): SQL<boolean> {
  return sql<boolean>`(${gateways.stoppedAt} is null and ${gateways.leaseUntil} > clock_timestamp())`
}
