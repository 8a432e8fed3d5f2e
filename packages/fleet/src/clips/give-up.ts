import { assets, clipMedia, clipTrash } from '@rushes/db'
import { and, asc, eq, inArray, ne, type SQL } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { announceClips, type LockedClip } from './put-into-trash.ts'

/**
 * Decides that clips of the trash are removed: from here on there is no way back, and `claimRemovals` hands them out. This is
 * the intent, written before the first byte goes, with an audit row for each clip. A clip whose digests are just being compared
 * is left until that is done, so that nothing is read which is about to go.
 *
 * @returns the clips that are given up now, at most `limit` of those that fit, the longest in the trash first
 */
export async function giveUp(
  context: Acting,
  input: { which: SQL; limit: number; reason: string | null },
): Promise<LockedClip[]> {
  return context.db.transaction(async (tx) => {
    const acting = { ...context, db: tx }
    const due = await tx
      .select({ assetId: clipTrash.assetId })
      .from(clipTrash)
      .innerJoin(assets, eq(assets.id, clipTrash.assetId))
      .where(and(eq(clipTrash.state, 'trashed'), ne(assets.custody, 'pending'), input.which))
      .orderBy(asc(clipTrash.trashedAt))
      .limit(input.limit)
    if (due.length === 0) return []
    const clips = await tx
      .select({
        assetId: assets.id,
        name: assets.name,
        deviceId: assets.deviceId,
        projectId: assets.projectId,
        sizeBytes: assets.filesizeBytes,
      })
      .from(assets)
      .innerJoin(clipTrash, eq(clipTrash.assetId, assets.id))
      .where(
        and(
          inArray(
            assets.id,
            due.map((row) => row.assetId),
          ),
          // Looked at again under the locks: somebody may have restored it, or told its digests.
          eq(clipTrash.state, 'trashed'),
          ne(assets.custody, 'pending'),
        ),
      )
      .orderBy(asc(assets.id))
      .for('no key update')
    if (clips.length === 0) return []
    const assetIds = clips.map((clip) => clip.assetId)
    await tx
      .update(clipTrash)
      .set({ state: 'removing', removingAt: context.now, attempts: 0, notBefore: null, lastError: null })
      .where(inArray(clipTrash.assetId, assetIds))
    await tx
      .update(clipMedia)
      .set({ state: 'none', endedAt: context.now })
      .where(and(inArray(clipMedia.assetId, assetIds), eq(clipMedia.state, 'waiting')))
    for (const clip of clips)
      await recordAudit(acting, {
        action: 'clip.remove',
        target: { kind: 'clip', id: clip.assetId, name: clip.name },
        projectId: clip.projectId,
        deviceId: clip.deviceId,
        reason: input.reason,
        before: { sizeBytes: clip.sizeBytes },
      })
    await announceClips(acting, clips)
    return clips
  })
}
