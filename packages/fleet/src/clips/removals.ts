import { assets, clipMedia, clipTrash } from '@rushes/db'
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'

/** A clip that is given up, with what it takes to remove its bytes; `attempt` counts from 1. */
export type ClaimedRemoval = { assetId: string; storeKey: string; attempt: number }

/** How often removing the bytes of one clip is tried, until a person asks for it again. */
export const maxRemovalAttempts = 20

/** Hands out clips whose bytes are to be removed. They are left alone by others until `leaseUntil`; the try is counted now. */
export async function claimRemovals(
  { db, now }: Clocked,
  input: { limit: number; leaseUntil: Date },
): Promise<ClaimedRemoval[]> {
  const due = sql`select asset_id from clip_trash
    where state = 'removing' and (not_before is null or not_before <= ${now.toISOString()}::timestamptz) and attempts < ${maxRemovalAttempts}
    order by not_before limit ${input.limit} for update skip locked`
  const claimed = await db
    .update(clipTrash)
    .set({ attempts: sql`${clipTrash.attempts} + 1`, notBefore: input.leaseUntil })
    .where(and(eq(clipTrash.state, 'removing'), sql`${clipTrash.assetId} in (${due})`))
    .returning({ assetId: clipTrash.assetId, attempt: clipTrash.attempts })
  if (claimed.length === 0) return []
  const found = await db
    .select({ assetId: assets.id, storeKey: assets.storeKey })
    .from(assets)
    .where(
      inArray(
        assets.id,
        claimed.map((row) => row.assetId),
      ),
    )
  const keys = new Map(found.map((row) => [row.assetId, row.storeKey]))
  return claimed.flatMap(({ assetId, attempt }) => {
    const storeKey = keys.get(assetId)
    return storeKey === undefined ? [] : [{ assetId, storeKey, attempt }]
  })
}

/** The bytes of a clip are gone for good. The asset stays, with its digests. Saying it twice does no harm. */
export async function finishRemoval({ db, now }: Clocked, input: { assetId: string }): Promise<void> {
  await db.transaction(async (tx) => {
    const removed = await tx
      .update(clipTrash)
      .set({ state: 'removed', removedAt: now, notBefore: null, lastError: null })
      .where(and(eq(clipTrash.assetId, input.assetId), eq(clipTrash.state, 'removing')))
      .returning({ projectId: clipTrash.projectId })
    await tx.update(clipMedia).set({ hasPoster: false }).where(eq(clipMedia.assetId, input.assetId))
    await announceDeviceChange(tx, { deviceIds: [], projectIds: removed.map((row) => row.projectId) })
  })
}

/** Removing the bytes failed; it is tried again from `retryAt` on, as often as it may be. */
export async function deferRemoval(
  { db }: Clocked,
  input: { assetId: string; retryAt: Date; error: string },
): Promise<void> {
  await db
    .update(clipTrash)
    .set({ notBefore: input.retryAt, lastError: input.error.slice(0, 500) })
    .where(and(eq(clipTrash.assetId, input.assetId), eq(clipTrash.state, 'removing')))
}
