import { assets, type Database } from '@rushes/db'
import { and, count, eq, not } from 'drizzle-orm'
import { isInTrash } from '../clips/in-trash.ts'

/**
 * How many stored clips are not what was sent, or no longer. What a device reported stays as it was: once a clip has been
 * verified, nobody but the destination knows what becomes of it.
 */
export async function countUnsound(db: Database, of: { projectId?: string | undefined }): Promise<number> {
  const [found] = await db
    .select({ clipCount: count() })
    .from(assets)
    .where(
      and(
        eq(assets.custody, 'mismatch'),
        of.projectId === undefined ? undefined : eq(assets.projectId, of.projectId),
        not(isInTrash(assets.id)),
      ),
    )
  return found?.clipCount ?? 0
}
