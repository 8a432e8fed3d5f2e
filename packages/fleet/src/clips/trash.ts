import { assets, clipTrash } from '@rushes/db'
import { asc, eq, inArray } from 'drizzle-orm'
import type { Acting } from '../context.ts'
import { putIntoTrash } from './put-into-trash.ts'

/** Why a clip was left as it is. */
export type TrashSkip = 'clipUnknown' | 'notAvailable' | 'inTrash' | 'removed'

export type TrashClipsOutcome = {
  kind: 'trashed'
  assetIds: string[]
  skipped: { assetId: string; because: TrashSkip }[]
}

/**
 * Puts clips into the trash: away from the lists, no longer played, and restorable until the project's days are over. What is
 * on its way (not available yet) cannot go there, so that no upload loses its ground. Bytes, digests and what devices are told
 * of the clip stay as they are; a verification that runs goes on.
 */
export async function trashClips(
  context: Acting,
  input: { assetIds: readonly string[]; reason: string | null },
): Promise<TrashClipsOutcome> {
  return context.db.transaction(async (tx) => {
    const acting = { ...context, db: tx }
    const found = await tx
      .select({
        assetId: assets.id,
        name: assets.name,
        deviceId: assets.deviceId,
        projectId: assets.projectId,
        sizeBytes: assets.filesizeBytes,
        state: assets.state,
      })
      .from(assets)
      .where(inArray(assets.id, [...input.assetIds]))
      .orderBy(asc(assets.id))
      .for('no key update')
    // Read once the assets are locked: whoever else trashes or removes them has done so.
    const inTrash = await tx
      .select({ assetId: clipTrash.assetId, state: clipTrash.state })
      .from(clipTrash)
      .innerJoin(assets, eq(assets.id, clipTrash.assetId))
      .where(inArray(clipTrash.assetId, [...input.assetIds]))
    const trashState = new Map(inTrash.map((row) => [row.assetId, row.state]))
    const assetById = new Map(found.map((asset) => [asset.assetId, asset]))
    const skipOf = (assetId: string): TrashSkip | null => {
      const asset = assetById.get(assetId)
      if (asset === undefined) return 'clipUnknown'
      const state = trashState.get(assetId) ?? 'restored'
      if (state !== 'restored') return state === 'trashed' ? 'inTrash' : 'removed'
      return asset.state === 'available' ? null : 'notAvailable'
    }
    const skipped = [...new Set(input.assetIds)].flatMap((assetId) => {
      const because = skipOf(assetId)
      return because === null ? [] : [{ assetId, because }]
    })
    const chosen = found.filter((asset) => skipOf(asset.assetId) === null)
    await putIntoTrash(acting, chosen, input.reason)
    return { kind: 'trashed', assetIds: chosen.map((clip) => clip.assetId), skipped }
  })
}
