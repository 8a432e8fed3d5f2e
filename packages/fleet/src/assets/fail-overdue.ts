import { assetParts, assets } from '@rushes/db'
import { and, asc, eq, isNull, lte } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { failAsset } from './fail.ts'

/**
 * The final part of a real-time upload came, the grace for stragglers has passed, and parts are still missing: the clip has
 * failed, with their numbers. It is never assembled with a hole.
 */
export async function failOverdue(
  { db, now }: Clocked,
  input: { assetId: string; graceMs: number },
): Promise<{ kind: 'failed'; missing: number[] } | { kind: 'notOverdue' }> {
  return db.transaction(async (tx) => {
    const [asset] = await tx
      .select({ id: assets.id })
      .from(assets)
      .where(
        and(
          eq(assets.id, input.assetId),
          eq(assets.state, 'created'),
          eq(assets.uploadKind, 'realtime'),
          lte(assets.finalPartAt, new Date(now.getTime() - input.graceMs)),
        ),
      )
      .for('no key update')
    if (asset === undefined) return { kind: 'notOverdue' }
    const rows = await tx
      .select({ number: assetParts.number })
      .from(assetParts)
      .where(and(eq(assetParts.assetId, asset.id), isNull(assetParts.acknowledgedAt)))
      .orderBy(asc(assetParts.number))
    const missing = rows.map((row) => row.number)
    if (missing.length === 0) return { kind: 'notOverdue' }
    const named = missing.slice(0, 20).join(', ') + (missing.length > 20 ? ` and ${missing.length - 20} more` : '')
    await failAsset(
      { db: tx, now },
      {
        assetId: asset.id,
        because: 'partsMissing',
        detail: `Parts that had not arrived ${input.graceMs / 1000} s after the final one: ${named}`,
      },
    )
    return { kind: 'failed', missing }
  })
}
