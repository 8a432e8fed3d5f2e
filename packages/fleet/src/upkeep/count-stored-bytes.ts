import { assetParts, assets, clipTrash, type Database } from '@rushes/db'
import { and, eq, inArray, isNotNull, notExists, sql } from 'drizzle-orm'

/** Bytes that the store holds by the rows: clips that are there, those in the trash among them, and acknowledged parts of others. */
export async function countStoredBytes({ db }: { db: Database }): Promise<number> {
  const [clips] = await db
    .select({ bytes: sql<number>`coalesce(sum(${assets.filesizeBytes}), 0)::float8` })
    .from(assets)
    .where(
      and(
        eq(assets.state, 'available'),
        notExists(
          db
            .select({ id: clipTrash.assetId })
            .from(clipTrash)
            .where(and(eq(clipTrash.assetId, assets.id), eq(clipTrash.state, 'removed'))),
        ),
      ),
    )
  const [parts] = await db
    .select({ bytes: sql<number>`coalesce(sum(${assetParts.sizeBytes}), 0)::float8` })
    .from(assetParts)
    .innerJoin(assets, eq(assets.id, assetParts.assetId))
    .where(and(inArray(assets.state, ['created', 'assembling']), isNotNull(assetParts.acknowledgedAt)))
  return (clips?.bytes ?? 0) + (parts?.bytes ?? 0)
}
