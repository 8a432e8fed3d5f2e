import { assets, type Database } from '@rushes/db'
import { and, inArray } from 'drizzle-orm'

/** Which of these uploads still need what the store has gathered for them. */
export async function whichTakeParts({ db }: { db: Database }, input: { assetIds: string[] }): Promise<Set<string>> {
  if (input.assetIds.length === 0) return new Set()
  const rows = await db
    .select({ id: assets.id })
    .from(assets)
    .where(and(inArray(assets.id, input.assetIds), inArray(assets.state, ['created', 'assembling'])))
  return new Set(rows.map((row) => row.id))
}
