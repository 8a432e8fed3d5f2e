import { auditEvents, type Database, devices, projects } from '@rushes/db'
import { and, desc, eq, ilike, like, lt, or, type SQL } from 'drizzle-orm'

/** One line of the audit. Ready for JSON. */
export type ActivityEntry = {
  id: number
  at: string
  actor: { kind: 'person' | 'device' | 'commandLine' | 'system'; id: string | null; name: string }
  action: string
  target: { kind: string; id: string; name: string | null }
  device: { id: string; name: string } | null
  project: { id: string; name: string } | null
  reason: string | null
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

export type ActivityFilter = {
  /** Part of the actor's, target's or device's name, or of the reason, in any case. */
  search?: string
  /** The first word of the action: `device`, `pairing`, `person`, `project`, `command`. */
  subject?: string
  deviceId?: string
  projectId?: string
}

/** One page of the audit, the newest first. `beforeId`: the last id of the page before. */
export async function listActivity(
  { db }: { db: Database },
  input: { filter: ActivityFilter; beforeId: number | null; limit: number },
): Promise<{ entries: ActivityEntry[]; nextBeforeId: number | null }> {
  const found = await db
    .select({ event: auditEvents, deviceName: devices.name, projectName: projects.name })
    .from(auditEvents)
    .leftJoin(devices, eq(devices.id, auditEvents.deviceId))
    .leftJoin(projects, eq(projects.id, auditEvents.projectId))
    .where(and(matching(input.filter), input.beforeId === null ? undefined : lt(auditEvents.id, input.beforeId)))
    .orderBy(desc(auditEvents.id))
    .limit(input.limit + 1)
  const entries = found.slice(0, input.limit).map(
    ({ event, deviceName, projectName }): ActivityEntry => ({
      id: event.id,
      at: event.at.toISOString(),
      actor: { kind: event.actorKind, id: event.actorId, name: event.actorName },
      action: event.action,
      target: { kind: event.targetKind, id: event.targetId, name: event.targetName },
      device: event.deviceId === null || deviceName === null ? null : { id: event.deviceId, name: deviceName },
      project: event.projectId === null || projectName === null ? null : { id: event.projectId, name: projectName },
      reason: event.reason,
      before: event.before,
      after: event.after,
    }),
  )
  return { entries, nextBeforeId: found.length > input.limit ? (entries.at(-1)?.id ?? null) : null }
}

function matching(filter: ActivityFilter): SQL | undefined {
  const needle = `%${(filter.search ?? '').replaceAll(/[\\%_]/g, '\\$&')}%`
  return and(
    filter.search === undefined || filter.search === ''
      ? undefined
      : or(
          ilike(auditEvents.actorName, needle),
          ilike(auditEvents.targetName, needle),
          ilike(auditEvents.reason, needle),
          ilike(auditEvents.action, needle),
          ilike(devices.name, needle),
        ),
    filter.subject === undefined
      ? undefined
      : like(auditEvents.action, `${filter.subject.replaceAll(/[\\%_]/g, '')}.%`),
    filter.deviceId === undefined ? undefined : eq(auditEvents.deviceId, filter.deviceId),
    filter.projectId === undefined ? undefined : eq(auditEvents.projectId, filter.projectId),
  )
}
