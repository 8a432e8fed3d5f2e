import { type Database, runStatement } from '@rushes/db'

/** One look at the parts of each, along their index, whatever the planner believes of a table that has just grown. */
const statement = `
  select id from unnest($1::uuid[]) asked(id)
  where (select bool_and(acknowledged_at is not null) and bool_or(is_final) from asset_parts where asset_id = asked.id)`

/** Those of the assets whose final part is registered and every registered part in. */
export async function whichAreWhole(db: Database, assetIds: readonly string[]): Promise<Set<string>> {
  if (assetIds.length === 0) return new Set()
  const rows = await runStatement<{ id: string }>(db, statement, [assetIds])
  return new Set(rows.map(({ id }) => id))
}

/** Whether the final part is registered and every registered part is in. */
export async function isWhole({ db }: { db: Database }, { assetId }: { assetId: string }): Promise<boolean> {
  return (await whichAreWhole(db, [assetId])).has(assetId)
}
