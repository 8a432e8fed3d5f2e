import { assetParts, assets } from '@rushes/db'
import { and, eq, exists, isNotNull, isNull, lte, not, or } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

export type DueAssets = {
  /** Every part is in, or the assembly had begun: to be assembled. */
  ready: string[]
  /** The grace for stragglers has passed. */
  overdue: string[]
  /** Digests wait to be compared with the stored bytes. */
  toVerify: string[]
}

/** What is to be done, found in the rows alone: whatever a crash, a lost message or another program left behind. */
export async function listDueAssets({ db, now }: Clocked, input: { graceMs: number }): Promise<DueAssets> {
  const part = db.select({ number: assetParts.number }).from(assetParts)
  const missing = exists(part.where(and(eq(assetParts.assetId, assets.id), isNull(assetParts.acknowledgedAt))))
  const hasFinal = exists(
    db
      .select({ number: assetParts.number })
      .from(assetParts)
      .where(
        and(eq(assetParts.assetId, assets.id), eq(assetParts.isFinal, true), isNotNull(assetParts.acknowledgedAt)),
      ),
  )
  const ids = (rows: { id: string }[]) => rows.map((row) => row.id)
  const ready = await db
    .select({ id: assets.id })
    .from(assets)
    .where(or(eq(assets.state, 'assembling'), and(eq(assets.state, 'created'), hasFinal, not(missing))))
    .limit(1_000)
  const overdue = await db
    .select({ id: assets.id })
    .from(assets)
    .where(
      and(
        eq(assets.state, 'created'),
        eq(assets.uploadKind, 'realtime'),
        lte(assets.finalPartAt, new Date(now.getTime() - input.graceMs)),
        missing,
      ),
    )
    .limit(1_000)
  const toVerify = await db
    .select({ id: assets.id })
    .from(assets)
    .where(and(eq(assets.custody, 'pending'), eq(assets.state, 'available')))
    .limit(1_000)
  return { ready: ids(ready), overdue: ids(overdue), toVerify: ids(toVerify) }
}
