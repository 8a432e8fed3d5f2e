import { assetParts, assets, type Database } from '@rushes/db'
import { eq, sql } from 'drizzle-orm'

export type PartAddress = { assetId: string; number: number }

/** What decides how the bytes of a part are taken in. */
export type FoundPart = {
  assetState: 'created' | 'assembling' | 'available' | 'failed' | 'closed'
  storeKey: string
  filetype: string
  generation: number
  sizeBytes: number
  /** Where its bytes belong in the file that gathers the parts, and once the clip is available in that; null while it has no place. */
  offsetBytes: number | null
  /** Digest of the bytes that are durable; null while there are none. */
  acknowledgedXxh64: string | null
}

/** Registered parts; null where there is none of this number. */
export async function findParts(
  { db }: { db: Database },
  addresses: readonly PartAddress[],
): Promise<(FoundPart | null)[]> {
  const asked = sql`select * from unnest(
    ${sql.param(addresses.map(({ assetId }) => assetId))}::uuid[],
    ${sql.param(addresses.map(({ number }) => number))}::integer[])`
  const rows = await db
    .select({
      assetId: assetParts.assetId,
      number: assetParts.number,
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
    .where(sql`(${assetParts.assetId}, ${assetParts.number}) in (${asked})`)
  const found = new Map<string, FoundPart>()
  for (const { assetId, number, acknowledgedAt, receivedXxh64, ...part } of rows)
    found.set(`${assetId}/${number}`, { ...part, acknowledgedXxh64: acknowledgedAt === null ? null : receivedXxh64 })
  return addresses.map(({ assetId, number }) => found.get(`${assetId}/${number}`) ?? null)
}

/** A registered part; null when there is none of this number. */
export async function findPart(given: { db: Database }, address: PartAddress): Promise<FoundPart | null> {
  return (await findParts(given, [address]))[0] ?? null
}
