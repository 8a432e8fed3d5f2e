import { assetParts, assets, type Database } from '@rushes/db'
import { and, eq } from 'drizzle-orm'

/** What decides how the bytes of a part are taken in. */
export type FoundPart = {
  assetState: 'created' | 'assembling' | 'available' | 'failed' | 'closed'
  storeKey: string
  filetype: string
  generation: number
  sizeBytes: number
  /** Null while a lower number may still be registered. */
  offsetBytes: number | null
  /** Digest of the bytes that are durable; null while there are none. */
  acknowledgedXxh64: string | null
}

/** A registered part; null when there is none of this number. */
export async function findPart(
  { db }: { db: Database },
  input: { assetId: string; number: number },
): Promise<FoundPart | null> {
  const [found] = await db
    .select({
      assetState: assets.state,
      storeKey: assets.storeKey,
      filetype: assets.filetype,
      generation: assetParts.generation,
      sizeBytes: assetParts.sizeBytes,
      offsetBytes: assetParts.offsetBytes,
      acknowledgedAt: assetParts.acknowledgedAt,
      receivedXxh64: assetParts.receivedXxh64,
    })
    .from(assetParts)
    .innerJoin(assets, eq(assets.id, assetParts.assetId))
    .where(and(eq(assetParts.assetId, input.assetId), eq(assetParts.number, input.number)))
  if (found === undefined) return null
  const { acknowledgedAt, receivedXxh64, ...part } = found
  return { ...part, acknowledgedXxh64: acknowledgedAt === null ? null : receivedXxh64 }
}
