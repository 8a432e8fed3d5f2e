import { assetParts, assets } from '@rushes/db'
import { and, asc, eq, sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'

export type FinishVerificationInput = {
  assetId: string
  /** Digests of the stored bytes, read back; null where they could not be read in full. */
  stored: { number: number; xxh64: string | null }[]
  fileXxh64: string
  /** What it is when they differ: the store has other bytes, no such object, or one that it cannot read. */
  because: 'sentOtherwise' | 'gone' | 'unreadable'
}

export type FinishVerificationOutcome =
  | { kind: 'verified' }
  | { kind: 'mismatch'; firstNumber: number }
  /** Judged meanwhile by somebody else. */
  | { kind: 'notPending' }

/** Compares the stored bytes with what the device sent, part by part, and writes the judgement down. */
export async function finishVerification(
  { db, now }: Clocked,
  input: FinishVerificationInput,
): Promise<FinishVerificationOutcome> {
  return db.transaction(async (tx): Promise<FinishVerificationOutcome> => {
    const [asset] = await tx
      .select({ deviceId: assets.deviceId, projectId: assets.projectId, fileXxh64: assets.fileXxh64 })
      .from(assets)
      .where(and(eq(assets.id, input.assetId), eq(assets.custody, 'pending'), eq(assets.state, 'available')))
      .for('no key update')
    if (asset === undefined) return { kind: 'notPending' }
    await tx.execute(sql`
      update asset_parts set stored_xxh64 = stored.xxh64
      from unnest(${sql.param(input.stored.map((part) => part.number))}::integer[],
        ${sql.param(input.stored.map((part) => part.xxh64))}::text[]) stored(number, xxh64)
      where asset_parts.asset_id = ${input.assetId}::uuid and asset_parts.number = stored.number`)
    const [different] = await tx
      .select({ number: assetParts.number })
      .from(assetParts)
      .where(
        and(
          eq(assetParts.assetId, input.assetId),
          sql`${assetParts.storedXxh64} is distinct from ${assetParts.deviceXxh64}`,
        ),
      )
      .orderBy(asc(assetParts.number))
      .limit(1)
    // Every part equal and the file not: the device did not digest what it sent. Nothing is verified by that.
    const isFileEqual = asset.fileXxh64 === null || asset.fileXxh64 === input.fileXxh64
    const firstNumber = different?.number ?? (isFileEqual ? null : (input.stored[0]?.number ?? 1))
    await tx
      .update(assets)
      .set({
        custody: firstNumber === null ? 'verified' : 'mismatch',
        custodyAt: now,
        firstMismatchNumber: firstNumber,
        mismatchBecause: firstNumber === null ? null : input.because,
        storedXxh64: firstNumber === null ? input.fileXxh64 : null,
        scrubbedAt: now,
        updatedAt: now,
      })
      .where(eq(assets.id, input.assetId))
    await announceDeviceChange(tx, { deviceIds: [asset.deviceId], projectIds: [asset.projectId] })
    return firstNumber === null ? { kind: 'verified' } : { kind: 'mismatch', firstNumber }
  })
}
