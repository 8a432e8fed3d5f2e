import { type Database, devices } from '@rushes/db'
import { inArray, sql } from 'drizzle-orm'
import { wake } from '../bus/wake.ts'

/**
 * Says that something which a fleet row shows has changed: moves `changed_at` for those who poll and wakes those who listen.
 * The database's own clock is used, because pollers compare instants that many programs write. Give it the transaction of
 * the change. Not for telemetry such as single parts.
 */
export async function announceDeviceChange(
  db: Database,
  what: { deviceIds: readonly string[]; projectIds?: readonly string[]; pairing?: true },
): Promise<void> {
  if (what.deviceIds.length > 0) {
    await db
      .update(devices)
      .set({ changedAt: sql`clock_timestamp()` })
      .where(inArray(devices.id, [...what.deviceIds]))
  }
  await wake(db, what)
}
