import {
  commandExecutions,
  connections,
  type Database,
  deviceModels,
  deviceReports,
  devices,
  gateways,
  pauseWindows,
  projectAssignments,
  projects,
} from '@rushes/db'
import { and, asc, count, desc, eq, gt, ilike, inArray, isNull, or, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { unsoundByDevice } from '../custody/unsound-clips.ts'
import { isAlive } from '../presence/online.ts'
import type { FleetRow } from './fleet-row.ts'
import { toFleetRow } from './to-fleet-row.ts'

export type FleetRowsInput = {
  deviceIds?: readonly string[]
  projectId?: string
  /** Part of the name, in any case. */
  search?: string
  /** The last row of the page before, for the next one. */
  after?: { name: string; deviceId: string }
  limit?: number
}

/** The rows of the fleet table by name, for the list page and the live stream alike: one statement, however many devices. */
export async function fleetRows({ db }: { db: Database }, input: FleetRowsInput = {}): Promise<FleetRow[]> {
  if (input.deviceIds?.length === 0) return []
  const fromProjects = alias(projects, 'from_projects')
  const newest = db
    .select({
      openedAt: connections.openedAt,
      closedAt: connections.closedAt,
      closeReason: connections.closeReason,
      agentVersion: connections.agentVersion,
      hostname: connections.hostname,
      platform: connections.platform,
      isAlive: sql<boolean>`${isAlive()}`.as('is_alive'),
      leaseUntil: gateways.leaseUntil,
      stoppedAt: gateways.stoppedAt,
    })
    .from(connections)
    .innerJoin(gateways, eq(gateways.id, connections.gatewayId))
    .where(eq(connections.deviceId, devices.id))
    .orderBy(desc(connections.openedAt), desc(connections.epoch))
    .limit(1)
    .as('newest')
  const pause = db
    .select({
      startedAt: pauseWindows.startedAt,
      startedBy: pauseWindows.startedBy,
      reason: pauseWindows.reason,
      channel: pauseWindows.channel,
    })
    .from(pauseWindows)
    .where(and(eq(pauseWindows.deviceId, devices.id), isNull(pauseWindows.endedAt)))
    .orderBy(sql`${pauseWindows.channel} nulls first`, asc(pauseWindows.startedAt))
    .limit(1)
    .as('pause')
  const open = db
    .select({ executionCount: count().as('execution_count') })
    .from(commandExecutions)
    .where(and(eq(commandExecutions.deviceId, devices.id), isNull(commandExecutions.finalizedAt)))
    .as('open')
  const unsound = unsoundByDevice(db)

  const query = db
    .select({
      device: devices,
      modelName: deviceModels.name,
      isOurAgent: deviceModels.isOurAgent,
      projectName: projects.name,
      report: deviceReports,
      assignedAt: projectAssignments.assignedAt,
      fromProjectName: fromProjects.name,
      newest: {
        openedAt: newest.openedAt,
        closedAt: newest.closedAt,
        closeReason: newest.closeReason,
        agentVersion: newest.agentVersion,
        hostname: newest.hostname,
        platform: newest.platform,
        isAlive: newest.isAlive,
        leaseUntil: newest.leaseUntil,
        stoppedAt: newest.stoppedAt,
      },
      pause: {
        startedAt: pause.startedAt,
        startedBy: pause.startedBy,
        reason: pause.reason,
        channel: pause.channel,
      },
      openExecutionCount: open.executionCount,
      unsound: {
        clipCount: unsound.clipCount,
        reportedVerifiedCount: unsound.reportedVerifiedCount,
        reportedVerifiedBytes: unsound.reportedVerifiedBytes,
      },
    })
    .from(devices)
    .innerJoin(deviceModels, eq(deviceModels.id, devices.modelId))
    .leftJoin(projects, eq(projects.id, devices.projectId))
    .leftJoin(deviceReports, eq(deviceReports.deviceId, devices.id))
    .leftJoin(
      projectAssignments,
      and(eq(projectAssignments.deviceId, devices.id), eq(projectAssignments.projectEpoch, devices.projectEpoch)),
    )
    .leftJoin(fromProjects, eq(fromProjects.id, projectAssignments.fromProjectId))
    .leftJoinLateral(newest, sql`true`)
    .leftJoinLateral(pause, sql`true`)
    .leftJoinLateral(open, sql`true`)
    .leftJoin(unsound, eq(unsound.deviceId, devices.id))
    .where(
      and(
        input.deviceIds === undefined ? undefined : inArray(devices.id, [...input.deviceIds]),
        input.projectId === undefined ? undefined : eq(devices.projectId, input.projectId),
        input.search === undefined ? undefined : ilike(devices.name, `%${input.search.replaceAll(/[\\%_]/g, '\\$&')}%`),
        input.after === undefined
          ? undefined
          : or(
              gt(devices.name, input.after.name),
              and(eq(devices.name, input.after.name), gt(devices.id, input.after.deviceId)),
            ),
      ),
    )
    .orderBy(asc(devices.name), asc(devices.id))
    .$dynamic()
  const found = await (input.limit === undefined ? query : query.limit(input.limit))
  return found.map(toFleetRow)
}
