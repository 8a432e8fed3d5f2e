import { assets, storeUploads } from '@rushes/db'
import { and, eq, lt } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

/** Open uploads of which nothing was heard for so long, at most 500. */
export async function listIdleStoreUploads({ db, now }: Clocked, input: { idleMs: number }): Promise<string[]> {
  const rows = await db
    .select({ assetId: storeUploads.assetId })
    .from(storeUploads)
    .innerJoin(assets, eq(assets.id, storeUploads.assetId))
    .where(and(eq(assets.state, 'created'), lt(storeUploads.newsAt, new Date(now.getTime() - input.idleMs))))
    .limit(500)
  return rows.map((row) => row.assetId)
}
