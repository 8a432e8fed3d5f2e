import { assetParts, assets, type Database, runStatement } from '@rushes/db'
import { asc, inArray } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import type { RegisteredPart } from './registered-part.ts'

export type KnownClip = typeof assets.$inferSelect

export type ClipKey = { deviceId: string; key: string }

/** One look along the index for each key, whatever the planner believes of a table that has just grown. Most keys are new. */
const knownIds = `
  select known.id from unnest($1::uuid[], $2::text[]) asked(device_id, key),
    lateral (select id from assets where device_id = asked.device_id and idempotency_key = asked.key limit 1) known`

/** Clips that were registered with these idempotency keys, by device and key. */
export async function findKnownClips(
  db: Database,
  asked: readonly ClipKey[],
): Promise<(of: ClipKey) => KnownClip | null> {
  const found = await runStatement<{ id: string }>(db, knownIds, [
    asked.map(({ deviceId }) => deviceId),
    asked.map(({ key }) => key),
  ])
  const ids = found.map(({ id }) => id)
  const rows = ids.length === 0 ? [] : await db.select().from(assets).where(inArray(assets.id, ids))
  const known = new Map(rows.map((clip) => [`${clip.deviceId} ${clip.idempotencyKey}`, clip]))
  return ({ deviceId, key }) => known.get(`${deviceId} ${key}`) ?? null
}

/** Lets a key be used again, because its clip can no longer be completed. */
export async function freeKeysOf(db: Database, assetIds: readonly string[]): Promise<void> {
  if (assetIds.length === 0) return
  await db
    .update(assets)
    .set({ idempotencyKey: null, idempotencySha256: null })
    .where(inArray(assets.id, [...assetIds]))
}

/** What is answered for clips that are asked for again: their parts, by clip and in order of their numbers. */
export async function replayClips(
  { db, now }: Clocked,
  clips: readonly KnownClip[],
): Promise<Map<string, RegisteredPart[]>> {
  if (clips.length === 0) return new Map()
  const ids = clips.map(({ id }) => id)
  // Its URLs live anew from here: an upload is abandoned only when they are long dead.
  await db.update(assets).set({ updatedAt: now }).where(inArray(assets.id, ids))
  const rows = await db
    .select({
      assetId: assetParts.assetId,
      number: assetParts.number,
      generation: assetParts.generation,
      sizeBytes: assetParts.sizeBytes,
    })
    .from(assetParts)
    .where(inArray(assetParts.assetId, ids))
    .orderBy(asc(assetParts.number))
  return Map.groupBy(rows, ({ assetId }) => assetId)
}
