import type { Database } from '@rushes/db'
import { sql } from 'drizzle-orm'

/** Those of the assets whose final part is registered and every registered part in. */
export async function whichAreWhole(db: Database, assetIds: readonly string[]): Promise<Set<string>> {
  if (assetIds.length === 0) return new Set()
  const { rows } = await db.execute<{ id: string }>(sql`
    select id from unnest(${sql.param([...assetIds])}::uuid[]) asked(id)
    where not exists (select from asset_parts where asset_id = asked.id and acknowledged_at is null)
      and exists (select from asset_parts where asset_id = asked.id and is_final)`)
  return new Set(rows.map(({ id }) => id))
}

/** Whether the final part is registered and every registered part is in. */
export async function isWhole({ db }: { db: Database }, { assetId }: { assetId: string }): Promise<boolean> {
  return (await whichAreWhole(db, [assetId])).has(assetId)
}
