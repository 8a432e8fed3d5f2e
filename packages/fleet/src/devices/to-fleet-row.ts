import type { deviceReports, devices } from '@rushes/db'
import type { UnsoundClips } from '../custody/unsound-clips.ts'
import type { Fence, FleetRow, Presence } from './fleet-row.ts'

/** What the statement of `fleetRows` gives for one device. */
export type FoundDevice = {
  device: typeof devices.$inferSelect
  modelName: string
  isOurAgent: boolean
  projectName: string | null
  report: typeof deviceReports.$inferSelect | null
  assignedAt: Date | null
  fromProjectName: string | null
  newest: NewestConnection | null
  pause: { startedAt: Date; startedBy: string; reason: string | null; channel: number | null } | null
  openExecutionCount: number | null
  /** Each null for a device of which every stored clip is sound. */
  unsound: { [Figure in keyof UnsoundClips]: UnsoundClips[Figure] | null } | null
}

export type NewestConnection = {
  openedAt: Date
  closedAt: Date | null
  closeReason: string | null
  agentVersion: string | null
  hostname: string | null
  platform: string | null
  isAlive: boolean
  leaseUntil: Date
  stoppedAt: Date | null
}

export function toFleetRow(found: FoundDevice): FleetRow {
  const { device, newest, pause, report } = found
  return {
    deviceId: device.id,
    name: device.name,
    modelName: found.modelName,
    isOurAgent: found.isOurAgent,
    pairedAt: device.pairedAt.toISOString(),
    project: device.projectId === null ? null : { id: device.projectId, name: found.projectName ?? '' },
    foreign:
      device.uploadTo === null
        ? null
        : { uploadTo: device.uploadTo, projectId: device.foreignProjectId, projectName: device.foreignProjectName },
    fence: fenceOf(found),
    presence: presenceOf(found),
    sharingPause:
      pause === null
        ? null
        : { since: pause.startedAt.toISOString(), by: pause.startedBy, reason: pause.reason, channel: pause.channel },
    report:
      report === null
        ? null
        : {
            status: report.status,
            receivedAt: report.receivedAt.toISOString(),
            clockOffsetMs: report.clockOffsetMs,
          },
    unsound: {
      clipCount: found.unsound?.clipCount ?? 0,
      reportedVerifiedCount: found.unsound?.reportedVerifiedCount ?? 0,
      reportedVerifiedBytes: found.unsound?.reportedVerifiedBytes ?? 0,
    },
    openExecutionCount: found.openExecutionCount ?? 0,
    agentVersion: newest?.agentVersion ?? device.firmwareVersion,
    hostname: newest?.hostname ?? null,
    platform: newest?.platform ?? null,
    changedAt: device.changedAt.toISOString(),
    lastCallAt: device.lastCallAt?.toISOString() ?? null,
  }
}

function fenceOf({ device, isOurAgent, assignedAt, fromProjectName }: FoundDevice): Fence {
  if (device.uploadTo !== null || device.projectEpoch === 0) return { state: 'none' }
  // Our agents prove it with a receipt; of others the most that can be known is that they have read their new project.
  const confirmedEpoch = isOurAgent ? device.purgeReceiptEpoch : device.meReadEpoch
  if (confirmedEpoch >= device.projectEpoch) return { state: 'confirmed', projectEpoch: device.projectEpoch }
  return {
    state: 'awaitingDevice',
    projectEpoch: device.projectEpoch,
    since: (assignedAt ?? device.pairedAt).toISOString(),
    fromProjectName,
    hasReadProject: device.meReadEpoch >= device.projectEpoch,
  }
}

function presenceOf({ device, isOurAgent, newest }: FoundDevice): Presence {
  if (device.revokedAt !== null) return { state: 'revoked', since: device.revokedAt.toISOString() }
  if (!isOurAgent) return { state: 'noControlLink' }
  if (newest === null) return { state: 'neverConnected' }
  if (newest.closedAt !== null) {
    return { state: 'offline', since: newest.closedAt.toISOString(), because: newest.closeReason ?? 'unknown' }
  }
  if (newest.isAlive) return { state: 'online', since: newest.openedAt.toISOString() }
  // The connection's gateway died without closing it: nobody has heard the device since the lease ran out.
  return { state: 'offline', since: (newest.stoppedAt ?? newest.leaseUntil).toISOString(), because: 'gatewayLost' }
}
