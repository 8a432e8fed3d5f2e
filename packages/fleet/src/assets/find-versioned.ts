import { assets, type Database } from '@rushes/db'
import { inArray } from 'drizzle-orm'

type Versioned = { create: { versionOfId: string | null } }

/**
 * Looks up the clips that creates say they are newer versions of. @returns whether the one that a create names is of a project:
 * from whatever device, whole or not, in the trash or removed, and itself a version or the base of several. A clip that there is
 * not and one of another project answer alike, so that nobody can find out by trying what other projects have.
 */
export async function findVersioned(
  db: Database,
  creates: readonly Versioned[],
): Promise<(named: Versioned, projectId: string | null) => boolean> {
  const ids = [...new Set(creates.flatMap(({ create }) => create.versionOfId ?? []))]
  const found =
    ids.length === 0
      ? []
      : await db.select({ id: assets.id, projectId: assets.projectId }).from(assets).where(inArray(assets.id, ids))
  const projectOf = new Map(found.map(({ id, projectId }) => [id, projectId]))
  return ({ create: { versionOfId } }, projectId) => versionOfId === null || projectOf.get(versionOfId) === projectId
}
