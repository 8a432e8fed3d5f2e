import { type Database, devices, projects } from '@rushes/db'
import { and, asc, count, eq, isNull } from 'drizzle-orm'

export type ListedProject = {
  id: string
  name: string
  timezone: string
  folderBy: 'capture' | 'upload'
  createdAt: Date
  archivedAt: Date | null
  /** Devices that upload into it now. */
  deviceCount: number
}

/** The projects by name; archived ones only when asked for. */
export async function listProjects(
  { db }: { db: Database },
  input: { includeArchived?: boolean } = {},
): Promise<ListedProject[]> {
  return db
    .select({
      id: projects.id,
      name: projects.name,
      timezone: projects.timezone,
      folderBy: projects.folderBy,
      createdAt: projects.createdAt,
      archivedAt: projects.archivedAt,
      deviceCount: count(devices.id),
    })
    .from(projects)
    .leftJoin(devices, and(eq(devices.projectId, projects.id), isNull(devices.revokedAt)))
    .where(input.includeArchived === true ? undefined : isNull(projects.archivedAt))
    .groupBy(projects.id)
    .orderBy(asc(projects.name), asc(projects.id))
}
