import { assetParts, type Database } from '@rushes/db'
import { and, eq, exists, isNull, not, sql } from 'drizzle-orm'

/** Whether the final part is registered and every registered part is in. */
export async function isWhole({ db }: { db: Database }, input: { assetId: string }): Promise<boolean> {
  const ofAsset = eq(assetParts.assetId, input.assetId)
  const part = () => db.select({ number: assetParts.number }).from(assetParts)
  const [row] = await db
    .select({ whole: sql<boolean>`true` })
    .from(sql`(select 1) one`)
    .where(
      and(
        not(exists(part().where(and(ofAsset, isNull(assetParts.acknowledgedAt))))),
        exists(part().where(and(ofAsset, eq(assetParts.isFinal, true)))),
      ),
    )
  return row !== undefined
}
