import { clipTrash } from '@rushes/db'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'

/** A clip whose asset row is locked, as it goes into the trash or out of the store. */
export type LockedClip = {
  assetId: string
  name: string
  deviceId: string
  projectId: string
  sizeBytes: number | null
}

/**
 * Puts clips that are available and not in the trash into it, with an audit row for each. Give it the transaction that holds
 * the locks on their asset rows.
 */
export async function putIntoTrash(acting: Acting, clips: readonly LockedClip[], reason: string | null): Promise<void> {
  const { db, now, actor } = acting
  if (actor.kind === 'device') throw new Error('a device cannot put clips into the trash')
  const fresh = {
    state: 'trashed' as const,
    trashedAt: now,
    trashedByKind: actor.kind,
    trashedBy: actor.name,
    reason,
    restoredAt: null,
  }
  for (const clip of clips) {
    await db
      .insert(clipTrash)
      .values({ assetId: clip.assetId, projectId: clip.projectId, ...fresh })
      .onConflictDoUpdate({ target: clipTrash.assetId, set: fresh })
    await recordAudit(acting, {
      action: 'clip.trash',
      target: { kind: 'clip', id: clip.assetId, name: clip.name },
      projectId: clip.projectId,
      deviceId: clip.deviceId,
      reason,
    })
  }
  await announceClips(acting, clips)
}

/** Tells those who look at lists that these clips came or went. */
export async function announceClips({ db }: Acting, clips: readonly LockedClip[]): Promise<void> {
  if (clips.length === 0) return
  await announceDeviceChange(db, {
    deviceIds: [...new Set(clips.map((clip) => clip.deviceId))].sort(),
    projectIds: [...new Set(clips.map((clip) => clip.projectId))],
  })
}
