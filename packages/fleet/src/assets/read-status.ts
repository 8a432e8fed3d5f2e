import { assetParts, assets, type Database } from '@rushes/db'
import type { AssetCustody } from '@rushes/protocol'
import { and, asc, eq, isNull } from 'drizzle-orm'

/** How far a clip of this device is, and what is proven of it; null when it is not one of its clips. */
export async function readAssetStatus(
  { db }: { db: Database },
  input: { deviceId: string; assetId: string },
): Promise<AssetCustody | null> {
  const [asset] = await db
    .select({ id: assets.id, state: assets.state, custody: assets.custody, mismatch: assets.firstMismatchNumber })
    .from(assets)
    .where(and(eq(assets.id, input.assetId), eq(assets.deviceId, input.deviceId)))
  if (asset === undefined) return null
  const missing = await db
    .select({ number: assetParts.number })
    .from(assetParts)
    .where(and(eq(assetParts.assetId, asset.id), isNull(assetParts.acknowledgedAt)))
    .orderBy(asc(assetParts.number))
  return {
    id: asset.id,
    status: asset.state,
    verified: asset.custody,
    missing: missing.map((part) => part.number),
    mismatch: asset.mismatch,
  }
}
