import { assetParts, assets, scrubs } from '@rushes/db'
import { and, count, eq, min } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Actor, Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'
import { canBeRead } from './can-be-read.ts'
import { keepReadings, type PartReading } from './save-scrub.ts'

/** What a reading to the end found. */
export type ScrubFinding =
  /** `fileXxh64` null: it was not read in one go, so its parts alone say it. */
  | { kind: 'sound'; fileXxh64: string | null }
  | { kind: 'wrong'; because: 'changed' | 'gone' | 'unreadable'; firstNumber: number }

export type FinishScrubOutcome =
  | { kind: 'sound' }
  /** It was a mismatch, and is none any more. */
  | { kind: 'restored' }
  /** `isNew`: it was sound the last time. */
  | { kind: 'mismatch'; firstNumber: number; because: string; isNew: boolean }
  /** Somebody else reads it now, or it is in the trash, or the device sent new digests: what was found counts for nothing. */
  | { kind: 'superseded' }

const reader: Actor = { kind: 'system', id: null, name: 'Rushes ingest' }

/** Writes down what reading a stored clip found. A change of its custody stands in the audit. */
export async function finishScrub(
  { db, now }: Clocked,
  input: { assetId: string; token: string; readings: readonly PartReading[]; finding: ScrubFinding },
): Promise<FinishScrubOutcome> {
  const { assetId } = input
  return db.transaction(async (tx): Promise<FinishScrubOutcome> => {
    const [asset] = await tx
      .select()
      .from(assets)
      .where(and(eq(assets.id, assetId), canBeRead()))
      .for('no key update')
    const [scrub] = await tx
      .delete(scrubs)
      .where(and(eq(scrubs.assetId, assetId), eq(scrubs.leaseToken, input.token)))
      .returning()
    if (scrub === undefined || asset === undefined) return { kind: 'superseded' }
    // Asked for while it was read: what they meant may have happened to a part that had been read before.
    if (scrub.askedAt !== null && scrub.begunAt !== null && scrub.askedAt > scrub.begunAt)
      await tx.insert(scrubs).values({ assetId, askedAt: scrub.askedAt, askedBy: scrub.askedBy })
    await keepReadings(tx, assetId, input.readings)

    const parts = await describeParts(tx, assetId)
    const wrong = wrongIn(asset, input.finding, parts)
    const before = asset.custody
    const after =
      wrong !== null ? 'mismatch' : before !== 'mismatch' ? before : parts.areAllTold ? 'verified' : 'sizeChecked'
    await tx
      .update(assets)
      .set({
        custody: after,
        scrubbedAt: now,
        updatedAt: now,
        custodyAt: after === before ? asset.custodyAt : now,
        firstMismatchNumber: wrong?.firstNumber ?? null,
        mismatchBecause: wrong?.because ?? null,
        ...(input.finding.kind === 'sound' && wrong === null && input.finding.fileXxh64 !== null
          ? { storedXxh64: input.finding.fileXxh64 }
          : {}),
      })
      .where(eq(assets.id, assetId))
    if (after !== before)
      await recordAudit(
        { db: tx, now, actor: reader },
        {
          action: wrong === null ? 'clip.custodyRestored' : 'clip.custodyLost',
          target: { kind: 'clip', id: assetId, name: asset.name },
          projectId: asset.projectId,
          deviceId: asset.deviceId,
          before: { custody: before },
          after: {
            custody: after,
            ...(wrong === null ? {} : { because: wrong.because, firstPart: wrong.firstNumber }),
          },
        },
      )
    await announceDeviceChange(tx, { deviceIds: [asset.deviceId], projectIds: [asset.projectId] })
    if (wrong !== null) return { kind: 'mismatch', ...wrong, isNew: after !== before }
    return { kind: after === before ? 'sound' : 'restored' }
  })
}

type Wrong = { firstNumber: number; because: 'sentOtherwise' | 'changed' | 'gone' | 'unreadable' }

function wrongIn(asset: typeof assets.$inferSelect, finding: ScrubFinding, parts: Parts): Wrong | null {
  if (finding.kind === 'wrong') {
    const { firstNumber, because } = finding
    // Bytes that were never those that the device sent have not changed by being read again.
    const isAsBefore = because === 'changed' && asset.mismatchBecause === 'sentOtherwise'
    return { firstNumber, because: isAsBefore ? 'sentOtherwise' : because }
  }
  // Every part as the device sent it, and the file not: its digests contradict each other, and nothing is proven by them.
  if (finding.fileXxh64 !== null && asset.fileXxh64 !== null && asset.fileXxh64 !== finding.fileXxh64)
    return { firstNumber: parts.firstNumber, because: 'sentOtherwise' }
  return null
}

type Parts = { firstNumber: number; areAllTold: boolean }

/** Whether the device told the digest of each part: then sound bytes are those that it sent, and not only those that were stored. */
async function describeParts(db: Clocked['db'], assetId: string): Promise<Parts> {
  const [parts] = await db
    .select({ total: count(), told: count(assetParts.deviceXxh64), firstNumber: min(assetParts.number) })
    .from(assetParts)
    .where(eq(assetParts.assetId, assetId))
  return { firstNumber: parts?.firstNumber ?? 1, areAllTold: parts !== undefined && parts.told === parts.total }
}
