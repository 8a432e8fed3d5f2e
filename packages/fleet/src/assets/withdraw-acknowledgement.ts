import { assetParts, assets, type Database } from '@rushes/db'
import { and, eq } from 'drizzle-orm'

/**
 * Before other bytes take the place of a part that is in: takes its acknowledgement back, so that a crash in between leaves
 * a part that is asked for again, never one that is acknowledged with the wrong bytes. False when the upload is no longer open.
 */
export async function withdrawAcknowledgement(
  { db }: { db: Database },
  input: { assetId: string; number: number; generation: number },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const [open] = await tx
      .select({ id: assets.id })
      .from(assets)
      .where(and(eq(assets.id, input.assetId), eq(assets.state, 'created')))
      .for('no key update') // an assembly that begins now would take the old bytes for good
    if (open === undefined) return false
    const withdrawn = await tx
      .update(assetParts)
      .set({ acknowledgedAt: null, receivedXxh64: null })
      .where(
        and(
          eq(assetParts.assetId, input.assetId),
          eq(assetParts.number, input.number),
          eq(assetParts.generation, input.generation),
        ),
      )
      .returning({ number: assetParts.number })
    return withdrawn.length > 0
  })
}
