import { type Database, runStatement } from '@rushes/db'
import { encodeWake, wakeChannel } from '../bus/wake-payload.ts'

/** In order of their ids: whoever changes several devices locks them alike, so that nobody waits for each other for ever. */
const statement = `
  with changed as (
    update devices set changed_at = clock_timestamp()
    where id in (select id from devices where id = any($1::uuid[]) order by id for no key update)
  )
  select pg_notify('${wakeChannel}', payload) from unnest($2::text[]) payload`

/**
 * Says that something which a fleet row shows has changed: moves `changed_at` for those who poll and wakes those who listen.
 * The database's own clock is used, because pollers compare instants that many programs write. Give it the transaction of
 * the change. Not for telemetry such as single parts.
 */
export async function announceDeviceChange(
  db: Database,
  what: { deviceIds: readonly string[]; projectIds?: readonly string[]; pairing?: true },
): Promise<void> {
  await runStatement(db, statement, [what.deviceIds, encodeWake(what)])
}
