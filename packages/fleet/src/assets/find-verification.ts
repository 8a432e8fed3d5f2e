import { assetParts, assets, type Database } from '@rushes/db'
import { and, asc, eq } from 'drizzle-orm'

/** A clip whose stored bytes are to be read back. */
export type PendingVerification = {
  assetId: string
  storeKey: string
  sizeBytes: number
  parts: { number: number; sizeBytes: number }[]
}

/** What to read back for a clip that waits for it; null when it does not. */
export async function findVerification(
  { db }: { db: Database },
  input: { assetId: string },
): Promise<PendingVerification | null> {
  const [asset] = await db
    .select({ storeKey: assets.storeKey, sizeBytes: assets.filesizeBytes })
    .from(assets)
    .where(and(eq(assets.id, input.assetId), eq(assets.custody, 'pending'), eq(assets.state, 'available')))
  if (asset === undefined) return null
  const parts = await db
    .select({ number: assetParts.number, sizeBytes: assetParts.sizeBytes })
    .from(assetParts)
    .where(eq(assetParts.assetId, input.assetId))
    .orderBy(asc(assetParts.number))
  return { assetId: input.assetId, storeKey: asset.storeKey, sizeBytes: asset.sizeBytes ?? 0, parts }
}
