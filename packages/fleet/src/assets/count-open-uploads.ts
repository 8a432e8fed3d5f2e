import { assets, type Database } from '@rushes/db'
import { count, inArray } from 'drizzle-orm'

/** How many uploads are not whole, or not put together, yet. */
export async function countOpenUploads({ db }: { db: Database }): Promise<number> {
  const [row] = await db
    .select({ count: count() })
    .from(assets)
    .where(inArray(assets.state, ['created', 'assembling']))
  return row?.count ?? 0
}
