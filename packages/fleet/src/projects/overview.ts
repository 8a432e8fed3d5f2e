import { assets, type Database, deviceModels, devices, projectAssignments, projects } from '@rushes/db'
import { aliasedTable, and, asc, eq, gt, not, or, sql } from 'drizzle-orm'
import { isInTrash } from '../clips/in-trash.ts'
import { summarizeTrash, type TrashSummary } from '../clips/list-trash.ts'
import type { Retention } from '../clips/retention.ts'
import type { Clocked } from '../context.ts'
import { type FleetSummary, summarizeFleet } from '../devices/summarize-fleet.ts'

/** A project as its page shows it, but for its devices and clips, which are lists of their own. Ready for JSON. */
export type ProjectOverview = {
  id: string
  name: string
  timezone: string
  folderBy: 'capture' | 'upload'
  createdAt: string
  archivedAt: string | null
  retention: Retention
  trash: TrashSummary
  /** Its devices as they are now, by their own account. */
  devices: FleetSummary
  /** What has arrived, from whatever device, by what our ingest holds; without what is in the trash. */
  clips: {
    availableCount: number
    verifiedCount: number
    unfinishedCount: number
    failedCount: number
    availableBytes: number
  }
  /** Devices that were moved into or out of the project and have not confirmed it. */
  awaiting: ProjectMove[]
}

export type ProjectMove = {
  device: { id: string; name: string }
  direction: 'in' | 'out'
  other: { id: string; name: string } | null
  assignedBy: string
  assignedAt: string
  hasReadProject: boolean
}

export async function getProjectOverview(
  { db, now }: Clocked,
  input: { projectId: string },
): Promise<{ kind: 'found'; project: ProjectOverview } | { kind: 'projectUnknown' }> {
  const [project] = await db.select().from(projects).where(eq(projects.id, input.projectId))
  if (project === undefined) return { kind: 'projectUnknown' }
  return {
    kind: 'found',
    project: {
      id: project.id,
      name: project.name,
      timezone: project.timezone,
      folderBy: project.folderBy,
      createdAt: project.createdAt.toISOString(),
      archivedAt: project.archivedAt?.toISOString() ?? null,
      retention: { trashDays: project.trashDays, clipDays: project.clipDays },
      trash: await summarizeTrash({ db, now }, { projectId: project.id }),
      devices: await summarizeFleet({ db }, { projectId: project.id }),
      clips: await countClips(db, project.id),
      awaiting: await selectAwaiting(db, project.id),
    },
  }
}

async function countClips(db: Database, projectId: string): Promise<ProjectOverview['clips']> {
  const of = (condition: ReturnType<typeof sql>) => sql<number>`(count(*) filter (where ${condition}))::int`
  const [found] = await db
    .select({
      availableCount: of(sql`${assets.state} = 'available'`),
      verifiedCount: of(sql`${assets.custody} = 'verified'`),
      unfinishedCount: of(sql`${assets.state} in ('created', 'assembling')`),
      failedCount: of(sql`${assets.state} = 'failed' or ${assets.custody} = 'mismatch'`),
      availableBytes: sql<number>`coalesce(sum(${assets.filesizeBytes}) filter (where ${assets.state} = 'available'), 0)::float8`,
    })
    .from(assets)
    .where(and(eq(assets.projectId, projectId), not(isInTrash(assets.id))))
  return {
    availableCount: found?.availableCount ?? 0,
    verifiedCount: found?.verifiedCount ?? 0,
    unfinishedCount: found?.unfinishedCount ?? 0,
    failedCount: found?.failedCount ?? 0,
    availableBytes: found?.availableBytes ?? 0,
  }
}

async function selectAwaiting(db: Database, projectId: string): Promise<ProjectMove[]> {
  const other = aliasedTable(projects, 'other')
  const isOut = eq(projectAssignments.fromProjectId, projectId)
  const confirmedEpoch = sql`case when ${deviceModels.isOurAgent} then ${devices.purgeReceiptEpoch} else ${devices.meReadEpoch} end`
  const found = await db
    .select({
      deviceId: devices.id,
      deviceName: devices.name,
      toProjectId: projectAssignments.toProjectId,
      otherId: other.id,
      otherName: other.name,
      assignedBy: projectAssignments.assignedBy,
      assignedAt: projectAssignments.assignedAt,
      meReadEpoch: devices.meReadEpoch,
      projectEpoch: devices.projectEpoch,
    })
    .from(projectAssignments)
    .innerJoin(
      devices,
      and(eq(devices.id, projectAssignments.deviceId), eq(devices.projectEpoch, projectAssignments.projectEpoch)),
    )
    .innerJoin(deviceModels, eq(deviceModels.id, devices.modelId))
    .leftJoin(
      other,
      eq(
        other.id,
        sql`case when ${isOut} then ${projectAssignments.toProjectId} else ${projectAssignments.fromProjectId} end`,
      ),
    )
    .where(and(or(isOut, eq(projectAssignments.toProjectId, projectId)), gt(devices.projectEpoch, confirmedEpoch)))
    .orderBy(asc(projectAssignments.assignedAt))
  return found.map((row) => ({
    device: { id: row.deviceId, name: row.deviceName },
    direction: row.toProjectId === projectId ? 'in' : 'out',
    other: row.otherId === null ? null : { id: row.otherId, name: row.otherName ?? '' },
    assignedBy: row.assignedBy,
    assignedAt: row.assignedAt.toISOString(),
    hasReadProject: row.meReadEpoch >= row.projectEpoch,
  }))
}
