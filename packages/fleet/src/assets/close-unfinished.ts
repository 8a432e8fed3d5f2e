import { assetParts, assets } from '@rushes/db'
import type { CloseCause } from '@rushes/protocol'
import { and, asc, eq, exists, isNull, not, or } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

/**
 * Closes the clips of a device that are not whole yet, because it was moved or forgotten: their parts are refused from now
 * on. A clip of which every byte is in goes on to be assembled where it belongs. The caller holds the device's row.
 */
export async function closeUnfinishedAssets(
  { db, now }: Clocked,
  input: { deviceId: string; because: CloseCause; detail: string },
): Promise<{ closedIds: string[] }> {
  const isOpen = and(eq(assets.deviceId, input.deviceId), eq(assets.state, 'created'))
  // A statement of its own: the next one then sees the parts that were acknowledged while this one waited for their clips.
  await db.select({ id: assets.id }).from(assets).where(isOpen).orderBy(asc(assets.id)).for('no key update')
  const partOf = eq(assetParts.assetId, assets.id)
  const missing = db.select({ number: assetParts.number }).from(assetParts)
  const closed = await db
    .update(assets)
    .set({ state: 'closed', endedBecause: input.because, endedDetail: input.detail, updatedAt: now })
    .where(
      and(
        isOpen,
        or(
          exists(missing.where(and(partOf, isNull(assetParts.acknowledgedAt)))),
          not(
            exists(
              db
                .select({ number: assetParts.number })
                .from(assetParts)
                .where(and(partOf, eq(assetParts.isFinal, true))),
            ),
          ),
        ),
      ),
    )
    .returning({ id: assets.id })
  return { closedIds: closed.map((asset) => asset.id) }
}
