import { type Database, scrubs } from '@rushes/db'
import { and, eq, sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

/** The digest of a stored part as it was read now; null when it is not there in full. */
export type PartReading = { number: number; xxh64: string | null }

/**
 * Keeps how far a reading is, and renews its lease; `leaseMs` 0 gives the clip free, for whoever goes on. False when somebody
 * else has it by now, or it needs no reading any more: then stop.
 */
export async function saveScrub(
  { db, now }: Clocked,
  input: {
    assetId: string
    token: string
    /** Those read since the last time. */
    readings: readonly PartReading[]
    nextPart: number
    firstDiffering: number | null
    leaseMs: number
  },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const isFree = input.leaseMs === 0
    const kept = await tx
      .update(scrubs)
      .set({
        nextPart: input.nextPart,
        firstDiffering: input.firstDiffering,
        leaseToken: isFree ? null : input.token,
        leaseUntil: isFree ? null : new Date(now.getTime() + input.leaseMs),
      })
      .where(and(eq(scrubs.assetId, input.assetId), eq(scrubs.leaseToken, input.token)))
      .returning({ assetId: scrubs.assetId })
    if (kept.length === 0) return false
    await keepReadings(tx, input.assetId, input.readings)
    return true
  })
}

/**
 * Writes down what was read. Where the first reading is all that there is to compare with, it stays: it is the reference.
 */
export async function keepReadings(db: Database, assetId: string, readings: readonly PartReading[]): Promise<void> {
  if (readings.length === 0) return
  await db.execute(sql`
    update asset_parts part set stored_xxh64 = reading.xxh64
    from unnest(${sql.param(readings.map(({ number }) => number))}::integer[],
      ${sql.param(readings.map(({ xxh64 }) => xxh64))}::text[]) reading(number, xxh64)
    where part.asset_id = ${assetId}::uuid and part.number = reading.number
      and part.stored_xxh64 is distinct from reading.xxh64
      and (part.stored_xxh64 is null or coalesce(part.device_xxh64, part.received_xxh64) is not null)`)
}
