import { devices, projectAssignments } from '@rushes/db'
import { and, eq } from 'drizzle-orm'
import type { Acting } from '../context.ts'
import { moveToProject } from '../devices/move-to-project.ts'

export type AdmittedDevice = {
  deviceId: string
  deviceName: string
  projectEpoch: number
  pairedAgain: boolean
  formerProjectId: string | null
}

type Admission = {
  request: {
    modelId: string
    clientId: string
    deviceName: string
    uploadTo: string | null
    firmwareVersion: string | null
  }
  projectId: string | null
  /** Of whoever lets it in; null leaves it to the project. */
  timezone: string | null
}

/**
 * Gives an approved device its row: a new one, or the one it had. The epoch of a known device grows if, and only if, its
 * project differs. Called within the transaction of the approval.
 */
export async function admitDevice(
  context: Acting,
  { request, projectId, timezone }: Admission,
): Promise<AdmittedDevice> {
  const { db, now, actor } = context
  const projectEpoch = projectId === null ? 0 : 1
  const [made] = await db
    .insert(devices)
    .values({
      modelId: request.modelId,
      clientId: request.clientId,
      name: request.deviceName,
      timezone,
      projectId,
      projectEpoch,
      // There is no former project here whose clips it could have queued.
      purgeReceiptEpoch: projectEpoch,
      uploadTo: request.uploadTo,
      firmwareVersion: request.firmwareVersion,
      pairedAt: now,
      createdAt: now,
    })
    .onConflictDoNothing({ target: [devices.modelId, devices.clientId] })
    .returning({ id: devices.id })
  if (made !== undefined) {
    if (projectId !== null)
      await db
        .insert(projectAssignments)
        .values({ deviceId: made.id, projectEpoch, toProjectId: projectId, assignedBy: actor.name, assignedAt: now })
    return {
      deviceId: made.id,
      deviceName: request.deviceName,
      projectEpoch,
      pairedAgain: false,
      formerProjectId: null,
    }
  }

  const [known] = await db
    .select({
      id: devices.id,
      name: devices.name,
      projectId: devices.projectId,
      projectEpoch: devices.projectEpoch,
      firmwareVersion: devices.firmwareVersion,
    })
    .from(devices)
    .where(and(eq(devices.modelId, request.modelId), eq(devices.clientId, request.clientId)))
    .for('update')
  if (known === undefined) throw new Error('a device row that an insert ran into is gone: devices are never deleted')

  // Before the move: a device with a foreign destination has no project of ours, and the other way round (CHECK).
  if (projectId === null && known.projectId !== null) await moveToProject(context, moveOf(known, null))
  await db
    .update(devices)
    .set({
      uploadTo: request.uploadTo,
      ...(timezone === null ? {} : { timezone }),
      foreignProjectId: null,
      foreignProjectName: null,
      firmwareVersion: request.firmwareVersion ?? known.firmwareVersion,
      pairedAt: now,
      revokedAt: null,
      authorizationExpiresAt: null,
    })
    .where(eq(devices.id, known.id))
  const isMove = projectId !== known.projectId
  if (isMove && projectId !== null) await moveToProject(context, moveOf(known, projectId))
  return {
    deviceId: known.id,
    deviceName: known.name,
    projectEpoch: isMove ? known.projectEpoch + 1 : known.projectEpoch,
    pairedAgain: true,
    formerProjectId: known.projectId,
  }
}

const moveOf = (
  device: { id: string; projectId: string | null; projectEpoch: number },
  toProjectId: string | null,
) => ({
  device,
  toProjectId,
  reason: 'paired again',
})
