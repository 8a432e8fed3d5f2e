import { deviceModels, devices, pairingRequests, pauseWindows, projectAssignments, projects } from '@rushes/db'
import { and, desc, eq, isNotNull, isNull, lt, sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from './announce-change.ts'
import { purgeReceiptRequired } from './fence.ts'

export type IdentifiedDevice = {
  id: string
  name: string
  modelName: string
  project: { id: string; name: string } | null
  projectEpoch: number
  purgeReceiptRequired: boolean
  /** Sharing is paused on all channels. */
  isPaused: boolean
  timezone: string
  firmwareVersion: string | null
  lastCallAt: Date | null
  /** Who let it in. */
  pairedBy: string
  /** When it came to this project: what it captured before is none of it. */
  inProjectSince: Date
  authorizationExpiresAt: Date | null
  createdAt: Date
  changedAt: Date
}

/**
 * Who a device is and where it belongs, and the note that it has read so with a token of this epoch: the first half of the
 * fence after a move. Null when the device was moved on meanwhile, or is gone.
 */
export async function identifyDevice(
  { db }: Clocked,
  input: { deviceId: string; projectEpoch: number },
): Promise<IdentifiedDevice | null> {
  const isThisEpoch = and(eq(devices.id, input.deviceId), eq(devices.projectEpoch, input.projectEpoch))
  return db.transaction(async (tx) => {
    const caughtUp = await tx
      .update(devices)
      .set({ meReadEpoch: input.projectEpoch })
      .where(and(isThisEpoch, lt(devices.meReadEpoch, input.projectEpoch)))
      .returning({ id: devices.id })
    if (caughtUp.length > 0) await announceDeviceChange(tx, { deviceIds: [input.deviceId] })

    const openPause = tx
      .select({ id: pauseWindows.id })
      .from(pauseWindows)
      .where(and(eq(pauseWindows.deviceId, devices.id), isNull(pauseWindows.channel), isNull(pauseWindows.endedAt)))
    const pairedBy = tx
      .select({ decidedBy: pairingRequests.decidedBy })
      .from(pairingRequests)
      .where(and(eq(pairingRequests.deviceId, devices.id), isNotNull(pairingRequests.decidedBy)))
      .orderBy(desc(pairingRequests.decidedAt))
      .limit(1)
    const [found] = await tx
      .select({
        device: devices,
        modelName: deviceModels.name,
        isOurAgent: deviceModels.isOurAgent,
        project: projects,
        assignedAt: projectAssignments.assignedAt,
        isPaused: sql<boolean>`exists ${openPause}`,
        pairedBy: sql<string | null>`${pairedBy}`,
      })
      .from(devices)
      .innerJoin(deviceModels, eq(deviceModels.id, devices.modelId))
      .leftJoin(projects, eq(projects.id, devices.projectId))
      .leftJoin(
        projectAssignments,
        and(eq(projectAssignments.deviceId, devices.id), eq(projectAssignments.projectEpoch, devices.projectEpoch)),
      )
      .where(isThisEpoch)
    if (found === undefined) return null
    const { device, project } = found
    return {
      id: device.id,
      name: device.name,
      modelName: found.modelName,
      project: project === null ? null : { id: project.id, name: project.name },
      projectEpoch: device.projectEpoch,
      purgeReceiptRequired: purgeReceiptRequired({ ...device, isOurAgent: found.isOurAgent }),
      isPaused: found.isPaused,
      timezone: device.timezone ?? project?.timezone ?? 'UTC',
      firmwareVersion: device.firmwareVersion,
      lastCallAt: device.lastCallAt,
      pairedBy: found.pairedBy ?? 'unknown',
      inProjectSince: found.assignedAt ?? device.pairedAt,
      authorizationExpiresAt: device.authorizationExpiresAt,
      createdAt: device.createdAt,
      changedAt: device.changedAt,
    }
  })
}
