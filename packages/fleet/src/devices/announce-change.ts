import type { Database } from '@rushes/db'
import { sql } from 'drizzle-orm'
import { encodeWake, wakeChannel } from '../bus/wake-payload.ts'

/**
 * Says that something which a fleet row shows has changed: moves `changed_at` for those who poll and wakes those who listen.
 * The database's own clock is used, because pollers compare instants that many programs write. Give it the transaction of
 * the change. Not for telemetry such as single parts.
 */
export async function announceDeviceChange(
  db: Database,
  what: { deviceIds: readonly string[]; projectIds?: readonly string[]; pairing?: true },
): Promise<void> {
  // In order of their ids: whoever changes several devices locks them alike, so that nobody waits for each other for ever.
  const locked = sql`select id from devices where id = any(${sql.param([...what.deviceIds])}::uuid[]) order by id for no key update`
  await db.execute(sql`
    with changed as (update devices set changed_at = clock_timestamp() where id in (${locked}))
    select pg_notify(${wakeChannel}, payload) from unnest(${sql.param(encodeWake(what))}::text[]) payload`)
}
