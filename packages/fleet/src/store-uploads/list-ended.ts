import { assets, type Database, storeUploads } from '@rushes/db'
import { and, asc, eq, gt, inArray } from 'drizzle-orm'

/** Clips that take no parts any more and of which something may be left in the bucket, in order of id. */
export async function listEndedStoreUploads(
  { db }: { db: Database },
  input: { afterId: string | null; limit: number },
): Promise<string[]> {
  const rows = await db
    .select({ assetId: storeUploads.assetId })
    .from(storeUploads)
    .innerJoin(assets, eq(assets.id, storeUploads.assetId))
    .where(
      and(
        inArray(assets.state, ['available', 'failed', 'closed']),
        input.afterId === null ? undefined : gt(storeUploads.assetId, input.afterId),
      ),
    )
    .orderBy(asc(storeUploads.assetId))
    .limit(input.limit)
  return rows.map((row) => row.assetId)
}
