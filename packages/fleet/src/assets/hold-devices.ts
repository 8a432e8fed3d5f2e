import { type Database, deviceModels, devices, projects } from '@rushes/db'
import { and, asc, eq, inArray, isNull } from 'drizzle-orm'
import type { FenceStanding } from '../devices/fence.ts'

/** A device that is held, with what decides whether and where it may put clips. */
export type HeldDevice = FenceStanding & {
  id: string
  name: string
  timezone: string | null
  project: { timezone: string; folderBy: 'capture' | 'upload' } | null
}

/**
 * Locks the rows of devices to the end of the transaction: moves and pauses wait. In order of their ids, so that two who lock
 * several never wait for each other. Revoked ones are left out, and without `wait` those that somebody else holds.
 */
export async function holdDevices(
  tx: Database,
  input: { deviceIds: readonly string[]; wait: boolean },
): Promise<Map<string, HeldDevice>> {
  const rows = await tx
    .select({
      id: devices.id,
      name: devices.name,
      timezone: devices.timezone,
      projectId: devices.projectId,
      projectEpoch: devices.projectEpoch,
      meReadEpoch: devices.meReadEpoch,
      purgeReceiptEpoch: devices.purgeReceiptEpoch,
      isOurAgent: deviceModels.isOurAgent,
      projectTimezone: projects.timezone,
      folderBy: projects.folderBy,
    })
    .from(devices)
    .innerJoin(deviceModels, eq(deviceModels.id, devices.modelId))
    .leftJoin(projects, eq(projects.id, devices.projectId))
    .where(and(inArray(devices.id, [...input.deviceIds]), isNull(devices.revokedAt)))
    .orderBy(asc(devices.id))
    .for('no key update', { of: devices, ...(input.wait ? {} : { skipLocked: true }) })
  return new Map(
    rows.map(({ projectTimezone, folderBy, ...device }) => [
      device.id,
      {
        ...device,
        project: projectTimezone === null || folderBy === null ? null : { timezone: projectTimezone, folderBy },
      },
    ]),
  )
}
