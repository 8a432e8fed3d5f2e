import { connections, type Database, gateways } from '@rushes/db'
import { and, eq, isNull, sql } from 'drizzle-orm'
import { announceDeviceChange } from '../devices/announce-change.ts'

/** How long a gateway is believed to live after it last said so, and how often it says so. */
export const gatewayLease = { lifetimeMs: 15_000, renewEveryMs: 5_000 } as const

/**
 * Holds the lease of a gateway, by the clock of the database: begins it, or moves it on. Say it every `renewEveryMs`; when
 * nothing was said for `lifetimeMs`, all its devices are offline at once, whatever happened to the process.
 */
export async function holdGatewayLease(
  { db }: { db: Database },
  input: { gatewayId: string; lifetimeMs?: number },
): Promise<void> {
  const leaseUntil = sql`clock_timestamp() + make_interval(secs => ${(input.lifetimeMs ?? gatewayLease.lifetimeMs) / 1000})`
  await db
    .insert(gateways)
    .values({ id: input.gatewayId, leaseUntil })
    .onConflictDoUpdate({ target: gateways.id, set: { leaseUntil, stoppedAt: null } })
}

/** Gives the lease up and closes what is still open: for a gateway that stops in order. Returns whose connections it closed. */
export async function stopGateway(
  { db }: { db: Database },
  input: { gatewayId: string },
): Promise<{ closedDeviceIds: string[] }> {
  return db.transaction(async (tx) => {
    await tx
      .update(gateways)
      .set({ stoppedAt: sql`clock_timestamp()`, leaseUntil: sql`clock_timestamp()` })
      .where(eq(gateways.id, input.gatewayId))
    const closed = await tx
      .update(connections)
      .set({ closedAt: sql`clock_timestamp()`, closeReason: 'drain' })
      .where(and(eq(connections.gatewayId, input.gatewayId), isNull(connections.closedAt)))
      .returning({ deviceId: connections.deviceId })
    const closedDeviceIds = closed.map((row) => row.deviceId)
    if (closedDeviceIds.length > 0) await announceDeviceChange(tx, { deviceIds: closedDeviceIds })
    return { closedDeviceIds }
  })
}
