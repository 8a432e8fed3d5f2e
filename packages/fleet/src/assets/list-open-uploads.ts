import { assetParts, assets, type Database } from '@rushes/db'
import { and, eq, gt, inArray, isNotNull, sql } from 'drizzle-orm'

export type OpenUpload = {
  assetId: string
  /** The end of the highest acknowledged part with a known place; 0 when there is none. */
  reachesToBytes: number
  /** Acknowledged parts whose place was not known yet when they came, perhaps. */
  acknowledgedCount: number
}

/** Uploads that take parts, in order of id; for holding what is stored against what is acknowledged. */
export async function listOpenUploads(
  { db }: { db: Database },
  input: { afterId: string | null; limit: number },
): Promise<OpenUpload[]> {
  return db
    .select({
      assetId: assets.id,
      reachesToBytes: sql<number>`coalesce(max(${assetParts.offsetBytes} + ${assetParts.sizeBytes}), 0)::float8`,
      acknowledgedCount: sql<number>`count(${assetParts.number})::integer`,
    })
    .from(assets)
    .leftJoin(assetParts, and(eq(assetParts.assetId, assets.id), isNotNull(assetParts.acknowledgedAt)))
    .where(
      and(
        inArray(assets.state, ['created', 'assembling']),
        input.afterId === null ? undefined : gt(assets.id, input.afterId),
      ),
    )
    .groupBy(assets.id)
    .orderBy(assets.id)
    .limit(input.limit)
}
