import { auditEvents } from '@rushes/db'
import type { Acting } from '../context.ts'

export type AuditEntry = {
  /** `device.assign`, `pairing.approve`, `person.create` … */
  action: string
  target: { kind: string; id: string; name?: string | null }
  projectId?: string | null
  deviceId?: string | null
  reason?: string | null
  before?: Record<string, unknown>
  after?: Record<string, unknown>
}

/** Writes down who changed what. Give it the transaction of the change, so that one never stands without the other. */
export async function recordAudit({ db, now, actor }: Acting, entry: AuditEntry): Promise<void> {
  await db.insert(auditEvents).values({
    at: now,
    actorKind: actor.kind,
    actorId: actor.id,
    actorName: actor.name,
    action: entry.action,
    targetKind: entry.target.kind,
    targetId: entry.target.id,
    targetName: entry.target.name ?? null,
    projectId: entry.projectId ?? null,
    deviceId: entry.deviceId ?? null,
    reason: entry.reason ?? null,
    before: entry.before ?? null,
    after: entry.after ?? null,
  })
}
