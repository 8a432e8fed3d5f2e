import { clipTrash, projects } from '@rushes/db'
import { and, count, eq, lte, sql } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { giveUp } from './give-up.ts'

export type EmptyTrashOutcome =
  /** `leftCount`: being verified just now; they stay until that is done. */
  | { kind: 'emptied'; removingCount: number; leftCount: number }
  /** What is in the trash is not what the person saw. */
  | { kind: 'trashChanged'; clipCount: number }
  | { kind: 'projectUnknown' }

/** Over this many at once one transaction would lock too much; whoever has more does it again. */
const maxAtOnce = 5_000

/**
 * Removes at once what lies in the trash of a project. Only what was there at `asOf`, and only if that is as many clips as the
 * person typed: what somebody else put there meanwhile is never taken along. Removals that were tried in vain are tried again.
 */
export async function emptyTrash(
  context: Acting,
  input: { projectId: string; clipCount: number; asOf: Date; reason: string | null },
): Promise<EmptyTrashOutcome> {
  return context.db.transaction(async (tx) => {
    const acting = { ...context, db: tx }
    const [project] = await tx
      .select({ id: projects.id, name: projects.name })
      .from(projects)
      .where(eq(projects.id, input.projectId))
    if (project === undefined) return { kind: 'projectUnknown' }
    const seen = and(eq(clipTrash.projectId, project.id), lte(clipTrash.trashedAt, input.asOf))
    const [counted] = await tx
      .select({ clipCount: count() })
      .from(clipTrash)
      .where(and(seen, eq(clipTrash.state, 'trashed')))
    const clipCount = counted?.clipCount ?? 0
    if (clipCount !== input.clipCount) return { kind: 'trashChanged', clipCount }
    const given = await giveUp(acting, { which: seen ?? sql`false`, limit: maxAtOnce, reason: input.reason })
    await tx
      .update(clipTrash)
      .set({ attempts: 0, notBefore: null })
      .where(and(seen, eq(clipTrash.state, 'removing')))
    if (given.length > 0)
      await recordAudit(acting, {
        action: 'project.emptyTrash',
        target: { kind: 'project', id: project.id, name: project.name },
        projectId: project.id,
        reason: input.reason,
        after: { clipCount: given.length, byteCount: given.reduce((sum, clip) => sum + (clip.sizeBytes ?? 0), 0) },
      })
    return { kind: 'emptied', removingCount: given.length, leftCount: clipCount - given.length }
  })
}
