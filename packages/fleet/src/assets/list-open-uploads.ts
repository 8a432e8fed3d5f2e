import { assetParts, assets, type Database } from '@rushes/db'
import { and, eq, gt, inArray, isNotNull, sql } from 'drizzle-orm'

export type OpenUpload = {
  assetId: string
  /** The end of the highest acknowledged part that lies in place; 0 when there is none. */
  reachesToBytes: number
  /** Acknowledged parts that lie apart. */
  apart: { number: number; xxh64: string }[]
}

/** Uploads that take parts, in order of id; for holding what is stored against what is acknowledged. */
export async function listOpenUploads(
  { db }: { db: Database },
  input: { afterId: string | null; limit: number },
): Promise<OpenUpload[]> {
  return db
    .select({
      assetId: assets.id,
      reachesToBytes: sql<number>`coalesce(max(${assetParts.offsetBytes} + ${assetParts.sizeBytes}) filter (where not ${assetParts.liesApart}), 0)::float8`,
      apart: sql<
        OpenUpload['apart']
      >`coalesce(json_agg(json_build_object('number', ${assetParts.number}, 'xxh64', ${assetParts.receivedXxh64})) filter (where ${assetParts.liesApart}), '[]')`,
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
