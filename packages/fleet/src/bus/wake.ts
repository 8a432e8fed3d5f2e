import type { Database } from '@rushes/db'
import { sql } from 'drizzle-orm'
import { encodeWake, type Wake, wakeChannel } from './wake-payload.ts'

/**
 * Tells every gateway that rows changed. Within a transaction the news leaves with the commit, and never without it.
 * Not for telemetry: each commit that notifies takes a lock of the whole database.
 */
export async function wake(db: Database, what: Wake): Promise<void> {
  for (const payload of encodeWake(what)) await db.execute(sql`select pg_notify(${wakeChannel}, ${payload})`)
}
