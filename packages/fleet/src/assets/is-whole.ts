import type { Database } from '@rushes/db'
import { sql } from 'drizzle-orm'

/** Those of the assets whose final part is registered and every registered part in. */
export async function whichAreWhole(db: Database, assetIds: readonly string[]): Promise<Set<string>> {
  if (assetIds.length === 0) return new Set()
  const { rows } = await db.execute<{ id: string }>(sql`
    select id from unnest(${sql.param([...assetIds])}::uuid[]) asked(id)
    -- One look at the parts of each, along their index, whatever the planner believes of a table that has just grown.
    where (select bool_and(acknowledged_at is not null) and bool_or(is_final) from asset_parts where asset_id = asked.id)`)
  return new Set(rows.map(({ id }) => id))
}

/** Whether the final part is registered and every registered part is in. */
export async function isWhole({ db }: { db: Database }, { assetId }: { assetId: string }): Promise<boolean> {
  return (await whichAreWhole(db, [assetId])).has(assetId)
}
