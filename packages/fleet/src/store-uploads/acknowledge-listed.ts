import { assets } from '@rushes/db'
import { and, eq, sql } from 'drizzle-orm'
import { isWhole } from '../assets/is-whole.ts'
import type { Clocked } from '../context.ts'

export type AcknowledgeListedOutcome =
  | {
      kind: 'noticed'
      /** Numbers that were not known to be in. */
      arrived: number[]
      /** Numbers that were in and are no more, or with another size: an address of an earlier registration was used late. */
      withdrawn: number[]
      isWhole: boolean
    }
  /** The clip takes no parts any more. */
  | { kind: 'ended' }

/**
 * Makes the acknowledgements of an open upload say what its bucket has. A part of another size than registered counts as not there.
 * Safe to repeat.
 */
export async function acknowledgeListedParts(
  { db, now }: Clocked,
  input: { assetId: string; listed: readonly { number: number; sizeBytes: number }[] },
): Promise<AcknowledgeListedOutcome> {
  const { assetId, listed } = input
  const changed = await db.transaction(async (tx) => {
    const [open] = await tx
      .select({ id: assets.id })
      .from(assets)
      .where(and(eq(assets.id, assetId), eq(assets.state, 'created')))
      .for('no key update')
    if (open === undefined) return null
    const inBucket = sql`unnest(${sql.param(listed.map((part) => part.number))}::integer[],
      ${sql.param(listed.map((part) => part.sizeBytes))}::bigint[]) listed(number, size_bytes)`
    const { rows: arrived } = await tx.execute<{ number: number; is_final: boolean }>(sql`
      update asset_parts p set acknowledged_at = ${now.toISOString()}::timestamptz from ${inBucket}
      where p.asset_id = ${assetId}::uuid and p.acknowledged_at is null
        and p.number = listed.number and p.size_bytes = listed.size_bytes
      returning p.number, p.is_final`)
    const { rows: withdrawn } = await tx.execute<{ number: number }>(sql`
      update asset_parts p set acknowledged_at = null
      where p.asset_id = ${assetId}::uuid and p.acknowledged_at is not null and not exists (
        select from ${inBucket} where p.number = listed.number and p.size_bytes = listed.size_bytes)
      returning p.number`)
    if (arrived.some((part) => part.is_final))
      await tx
        .update(assets)
        .set({ finalPartAt: sql`coalesce(${assets.finalPartAt}, ${now.toISOString()}::timestamptz)` })
        .where(and(eq(assets.id, assetId), eq(assets.uploadKind, 'realtime')))
    return { arrived: arrived.map((part) => part.number), withdrawn: withdrawn.map((part) => part.number) }
  })
  return changed === null
    ? { kind: 'ended' }
    : { kind: 'noticed', ...changed, isWhole: await isWhole({ db }, { assetId }) }
}
