import { assetParts, assets, clipMedia } from '@rushes/db'
import { and, count, eq } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'

export type CompleteAssemblyOutcome =
  /** `verify`: the digests of the device are in, and the stored bytes are to be compared with them. */
  { kind: 'available'; verify: boolean } | { kind: 'notAssembling' }

/** The clip is whole and durable at its place. Without digests of the device that is all that can be said of it. */
export async function completeAssembly(
  { db, now }: Clocked,
  input: { assetId: string },
): Promise<CompleteAssemblyOutcome> {
  return db.transaction(async (tx): Promise<CompleteAssemblyOutcome> => {
    const [asset] = await tx
      .select({ deviceId: assets.deviceId, projectId: assets.projectId })
      .from(assets)
      .where(and(eq(assets.id, input.assetId), eq(assets.state, 'assembling')))
      .for('no key update')
    if (asset === undefined) return { kind: 'notAssembling' }
    const [digests] = await tx
      .select({ partCount: count(), digestCount: count(assetParts.deviceXxh64) })
      .from(assetParts)
      .where(eq(assetParts.assetId, input.assetId))
    const verify = digests !== undefined && digests.digestCount === digests.partCount
    await tx
      .update(assets)
      .set({
        state: 'available',
        availableAt: now,
        updatedAt: now,
        custody: verify ? 'pending' : 'sizeChecked',
        custodyAt: verify ? null : now,
      })
      .where(eq(assets.id, input.assetId))
    await tx.insert(clipMedia).values({ assetId: input.assetId }).onConflictDoNothing()
    await announceDeviceChange(tx, { deviceIds: [asset.deviceId], projectIds: [asset.projectId] })
    return { kind: 'available', verify }
  })
}
