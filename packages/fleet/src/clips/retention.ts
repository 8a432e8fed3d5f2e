import { assets, clipTrash, type Database, projects } from '@rushes/db'
import { and, eq, not, sql } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import { wake } from '../bus/wake.ts'
import type { Acting, Clocked } from '../context.ts'
import { isInTrash } from './in-trash.ts'

/** How long a project keeps things, in days: what is in its trash, and clips before they go there; null: until somebody says so. */
export type Retention = { trashDays: number; clipDays: number | null }

export const maxRetentionDays = 3_650

export type SetRetentionOutcome =
  | { kind: 'set'; before: Retention }
  | { kind: 'daysInvalid'; maxDays: number }
  | { kind: 'projectUnknown' }

/** Sets how long a project keeps clips and trash; both count from now on for everything that is there already. */
export async function setRetention(
  context: Acting,
  input: Retention & { projectId: string; reason: string | null },
): Promise<SetRetentionOutcome> {
  const { trashDays, clipDays } = input
  if (!isDays(trashDays) || (clipDays !== null && !isDays(clipDays)))
    return { kind: 'daysInvalid', maxDays: maxRetentionDays }
  return context.db.transaction(async (tx) => {
    const [project] = await tx
      .select({ name: projects.name, trashDays: projects.trashDays, clipDays: projects.clipDays })
      .from(projects)
      .where(eq(projects.id, input.projectId))
      .for('update')
    if (project === undefined) return { kind: 'projectUnknown' }
    const { name, ...before } = project
    if (before.trashDays !== trashDays || before.clipDays !== clipDays) {
      await tx.update(projects).set({ trashDays, clipDays }).where(eq(projects.id, input.projectId))
      await recordAudit(
        { ...context, db: tx },
        {
          action: 'project.setRetention',
          target: { kind: 'project', id: input.projectId, name },
          projectId: input.projectId,
          reason: input.reason,
          before,
          after: { trashDays, clipDays },
        },
      )
      await wake(tx, { projectIds: [input.projectId] })
    }
    return { kind: 'set', before }
  })
}

/** What other days would do at once. */
export type RetentionPreview = {
  /** Would be removed from the trash, for good. */
  removed: { clipCount: number; byteCount: number }
  /** Would go into the trash. */
  trashed: { clipCount: number; byteCount: number }
}

/** What a retention would do at once to what is there. Changes nothing. */
export async function previewRetention(
  { db, now }: Clocked,
  input: Retention & { projectId: string },
): Promise<RetentionPreview> {
  const before = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString()
  const removed = await countClips(
    db,
    sql`${clipTrash.projectId} = ${input.projectId} and ${clipTrash.state} = 'trashed'
      and ${clipTrash.trashedAt} <= ${before(input.trashDays)}::timestamptz`,
  )
  if (input.clipDays === null) return { removed, trashed: { clipCount: 0, byteCount: 0 } }
  const trashed = await countClips(
    db,
    and(
      eq(assets.projectId, input.projectId),
      eq(assets.state, 'available'),
      sql`coalesce(${clipTrash.restoredAt}, ${assets.availableAt}) <= ${before(input.clipDays)}::timestamptz`,
      not(isInTrash(assets.id)),
    ),
  )
  return { removed, trashed }
}

async function countClips(
  db: Database,
  which: ReturnType<typeof and>,
): Promise<{ clipCount: number; byteCount: number }> {
  const [found] = await db
    .select({
      clipCount: sql<number>`count(*)::int`,
      byteCount: sql<number>`coalesce(sum(${assets.filesizeBytes}), 0)::float8`,
    })
    .from(assets)
    .leftJoin(clipTrash, eq(clipTrash.assetId, assets.id))
    .where(which)
  return found ?? { clipCount: 0, byteCount: 0 }
}

const isDays = (days: number) => Number.isInteger(days) && days >= 1 && days <= maxRetentionDays
