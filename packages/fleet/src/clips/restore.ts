import { assets, clipTrash } from '@rushes/db'
import { asc, eq, inArray } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { announceClips } from './put-into-trash.ts'

/** Why a clip was left as it is; `removed`: its bytes are gone, or are about to be. */
export type RestoreSkip = 'notInTrash' | 'removed'

export type RestoreClipsOutcome = {
  kind: 'restored'
  assetIds: string[]
  skipped: { assetId: string; because: RestoreSkip }[]
}

/** Takes clips out of the trash: back into the lists, under the same address and with everything that was known of them. */
export async function restoreClips(
  context: Acting,
  input: { assetIds: readonly string[]; reason: string | null },
): Promise<RestoreClipsOutcome> {
  return context.db.transaction(async (tx) => {
    const acting = { ...context, db: tx }
    const found = await tx
      .select({
        assetId: assets.id,
        name: assets.name,
        deviceId: assets.deviceId,
        projectId: assets.projectId,
        sizeBytes: assets.filesizeBytes,
        state: clipTrash.state,
      })
      .from(clipTrash)
      .innerJoin(assets, eq(assets.id, clipTrash.assetId))
      .where(inArray(clipTrash.assetId, [...input.assetIds]))
      .orderBy(asc(clipTrash.assetId))
      .for('update', { of: clipTrash })
    const stateOf = new Map(found.map((row) => [row.assetId, row.state]))
    const skipped = [...new Set(input.assetIds)].flatMap((assetId): RestoreClipsOutcome['skipped'] => {
      const state = stateOf.get(assetId) ?? 'restored'
      if (state === 'trashed') return []
      return [{ assetId, because: state === 'restored' ? 'notInTrash' : 'removed' }]
    })
    const chosen = found.filter((row) => row.state === 'trashed')
    if (chosen.length > 0)
      await tx
        .update(clipTrash)
        .set({ state: 'restored', restoredAt: context.now })
        .where(
          inArray(
            clipTrash.assetId,
            chosen.map((clip) => clip.assetId),
          ),
        )
    for (const clip of chosen)
      await recordAudit(acting, {
        action: 'clip.restore',
        target: { kind: 'clip', id: clip.assetId, name: clip.name },
        projectId: clip.projectId,
        deviceId: clip.deviceId,
        reason: input.reason,
      })
    await announceClips(acting, chosen)
    return { kind: 'restored', assetIds: chosen.map((clip) => clip.assetId), skipped }
  })
}
