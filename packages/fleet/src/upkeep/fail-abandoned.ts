import { assetParts, assets } from '@rushes/db'
import { and, asc, eq, exists, gt, lt, not, or } from 'drizzle-orm'
import { failAsset } from '../assets/fail.ts'
import type { Clocked } from '../context.ts'

/** Bounds the work of one call; what is left over is found by the next. */
const maxPerCall = 200

/**
 * Fails uploads that nobody goes on with: no create, no registered part and no part that arrived for so long. A device that
 * comes back with the key of its create gets a new upload. Any number of programs may do this at once.
 */
export async function failAbandoned(
  { db, now }: Clocked,
  input: { fixedIdleMs: number; realtimeIdleMs: number },
): Promise<{ failedIds: string[] }> {
  const idle = (uploadKind: 'fixed' | 'realtime', idleMs: number) => {
    const since = new Date(now.getTime() - idleMs)
    const later = db
      .select({ number: assetParts.number })
      .from(assetParts)
      .where(and(eq(assetParts.assetId, assets.id), gt(assetParts.acknowledgedAt, since)))
    return and(eq(assets.uploadKind, uploadKind), lt(assets.updatedAt, since), not(exists(later)))
  }
  // Only what still takes parts: a clip that is being assembled has every byte, and is finished however long that takes.
  const isAbandoned = and(
    eq(assets.state, 'created'),
    or(idle('fixed', input.fixedIdleMs), idle('realtime', input.realtimeIdleMs)),
  )
  const found = await db
    .select({ id: assets.id, uploadKind: assets.uploadKind })
    .from(assets)
    .where(isAbandoned)
    .orderBy(asc(assets.id))
    .limit(maxPerCall)
  const failedIds: string[] = []
  for (const { id, uploadKind } of found) {
    const hours = (uploadKind === 'fixed' ? input.fixedIdleMs : input.realtimeIdleMs) / 3_600_000
    const detail = `Nothing came for ${hours} hours; its device can send it again as a new upload`
    const kind = await db.transaction(async (tx) => {
      // Locked, then asked again: a part that arrives now waits for this, and one that has just arrived is seen.
      await tx.select({ id: assets.id }).from(assets).where(eq(assets.id, id)).for('no key update')
      const [still] = await tx
        .select({ id: assets.id })
        .from(assets)
        .where(and(eq(assets.id, id), isAbandoned))
      if (still === undefined) return 'notAbandoned'
      return (await failAsset({ db: tx, now }, { assetId: id, because: 'abandoned', detail, onlyWhileOpen: true })).kind
    })
    if (kind === 'failed') failedIds.push(id)
  }
  return { failedIds }
}
