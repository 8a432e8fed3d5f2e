import { assets, type Database } from '@rushes/db'
import { and, inArray } from 'drizzle-orm'

/** Which of these uploads have failed or were closed, so that nothing more of them is wanted. */
export async function whichHaveEnded({ db }: { db: Database }, input: { assetIds: string[] }): Promise<string[]> {
  if (input.assetIds.length === 0) return []
  const rows = await db
    .select({ id: assets.id })
    .from(assets)
    .where(and(inArray(assets.id, input.assetIds), inArray(assets.state, ['failed', 'closed'])))
  return rows.map((row) => row.id)
}
