import { devices, projectAssignments, tokenFamilies, tokenPairs } from '@rushes/db'
import { and, eq, inArray, isNull } from 'drizzle-orm'
import { closeUnfinishedAssets } from '../assets/close-unfinished.ts'
import type { Acting } from '../context.ts'

/**
 * Moves a device to another project (null: none): the epoch grows by one, its access tokens end at once while the refresh
 * tokens stay good, and its unfinished clips are closed. The caller is in a transaction, holds the device's row, and writes
 * the audit row and the wake-up of whatever it is doing.
 */
export async function moveToProject(
  context: Acting,
  input: {
    device: { id: string; projectId: string | null; projectEpoch: number }
    toProjectId: string | null
    reason: string | null
  },
): Promise<{ projectEpoch: number; closedAssetIds: string[] }> {
  const { db, now, actor } = context
  const { device, toProjectId } = input
  const projectEpoch = device.projectEpoch + 1
  await db.update(devices).set({ projectId: toProjectId, projectEpoch }).where(eq(devices.id, device.id))
  await db.insert(projectAssignments).values({
    deviceId: device.id,
    projectEpoch,
    fromProjectId: device.projectId,
    toProjectId,
    assignedBy: actor.name,
    reason: input.reason,
    assignedAt: now,
  })
  const families = db.select({ id: tokenFamilies.id }).from(tokenFamilies).where(eq(tokenFamilies.deviceId, device.id))
  await db
    .update(tokenPairs)
    .set({ accessEndedAt: now })
    .where(and(inArray(tokenPairs.familyId, families), isNull(tokenPairs.accessEndedAt)))
  const { closedIds } = await closeUnfinishedAssets(context, {
    deviceId: device.id,
    because: 'projectChanged',
    detail: 'The device was moved to another project before the clip was whole',
  })
  return { projectEpoch, closedAssetIds: closedIds }
}
