import { assetParts, assets } from '@rushes/db'
import { and, eq, exists, isNull, not, or, sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { isWhole } from './is-whole.ts'

export type AcknowledgePartInput = {
  assetId: string
  number: number
  /** The generation of the URL that it came by. */
  generation: number
  sizeBytes: number
  /** Where it was written in place; null when it lies apart, under its digest, and is moved at assembly. */
  writtenAtBytes: number | null
  receivedXxh64: string
}

export type AcknowledgePartOutcome =
  /** `isWhole`: it was the last one missing; the clip can be assembled. */
  | { kind: 'acknowledged'; isWhole: boolean }
  /**
   * The part was registered anew meanwhile, or the upload has ended, or, for bytes in place, others that lie apart were
   * acknowledged first: these bytes count for nothing.
   */
  | { kind: 'superseded' }

/**
 * Notes that the bytes of a part are durable. Call it only after the store has synced them. Safe to repeat. Of bytes that lie
 * apart the last acknowledged ones count; bytes in place count only while no others do, since those that lie apart win.
 */
export async function acknowledgePart(
  { db, now }: Clocked,
  input: AcknowledgePartInput,
): Promise<AcknowledgePartOutcome> {
  // Locked, so that it waits for whoever is about to close the clip, and they for it: an acknowledged last part is never given up.
  const isOpen = exists(
    db
      .select({ id: assets.id })
      .from(assets)
      .where(and(eq(assets.id, input.assetId), eq(assets.state, 'created')))
      .for('share'),
  )
  const { writtenAtBytes, receivedXxh64 } = input
  const liesApart = writtenAtBytes === null
  const isSame = and(eq(assetParts.receivedXxh64, receivedXxh64), not(assetParts.liesApart))
  const [acknowledged] = await db
    .update(assetParts)
    .set({ acknowledgedAt: now, receivedXxh64, liesApart })
    .where(
      and(
        eq(assetParts.assetId, input.assetId),
        eq(assetParts.number, input.number),
        eq(assetParts.generation, input.generation),
        eq(assetParts.sizeBytes, input.sizeBytes),
        liesApart
          ? undefined
          : and(eq(assetParts.offsetBytes, writtenAtBytes), or(isNull(assetParts.acknowledgedAt), isSame)),
        isOpen,
      ),
    )
    .returning({ isFinal: assetParts.isFinal })
  if (acknowledged === undefined) return { kind: 'superseded' }
  // The last chunk of a clip of known size says nothing about the others: they may take as long as their URLs live.
  if (acknowledged.isFinal)
    await db
      .update(assets)
      .set({ finalPartAt: sql`coalesce(${assets.finalPartAt}, ${now.toISOString()}::timestamptz)` })
      .where(and(eq(assets.id, input.assetId), eq(assets.state, 'created'), eq(assets.uploadKind, 'realtime')))
  // Asked after the acknowledgement has been committed: of two last parts at once, the later one sees both.
  return { kind: 'acknowledged', isWhole: await isWhole({ db }, input) }
}
