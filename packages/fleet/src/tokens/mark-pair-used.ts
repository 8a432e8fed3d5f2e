import { tokenPairs } from '@rushes/db'
import { and, eq, isNull, ne } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

/**
 * The first use of a pair proves that the device has it: the pair it came from and the unused siblings are superseded.
 * These are all the other live pairs of the family, since an unused pair has no descendants. The caller holds the device's row.
 *
 * Returns false when the pair itself was superseded meanwhile.
 */
export async function markPairUsed({ db, now }: Clocked, pair: { pairId: string; familyId: string }): Promise<boolean> {
  const [live] = await db
    .select({ firstUsedAt: tokenPairs.firstUsedAt })
    .from(tokenPairs)
    .where(and(eq(tokenPairs.id, pair.pairId), isNull(tokenPairs.supersededAt)))
  if (live === undefined) return false
  if (live.firstUsedAt !== null) return true
  await db.update(tokenPairs).set({ firstUsedAt: now }).where(eq(tokenPairs.id, pair.pairId))
  await db
    .update(tokenPairs)
    .set({ supersededAt: now })
    .where(and(eq(tokenPairs.familyId, pair.familyId), isNull(tokenPairs.supersededAt), ne(tokenPairs.id, pair.pairId)))
  return true
}
