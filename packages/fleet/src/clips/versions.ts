import { assets, type Database } from '@rushes/db'
import { sql } from 'drizzle-orm'
import { isInTrash } from './in-trash.ts'

/** Another clip that a clip is a version of, or that is one of it. Ready for JSON. */
export type ClipVersion = {
  assetId: string
  name: string
  createdAt: string
  /** Its bytes may be gone; the link stays. */
  isInTrash: boolean
}

export type ClipVersions = {
  /** What its device said that it is a newer version of. */
  versionOf: ClipVersion | null
  /** The newest first; those that never became whole are left out. */
  newer: ClipVersion[]
}

const maxNewer = 20

/** The versions beside a clip. */
export async function getClipVersions(
  db: Database,
  clip: { id: string; versionOfId: string | null },
): Promise<ClipVersions> {
  const found = await db
    .select({
      id: assets.id,
      name: assets.name,
      createdAt: assets.createdAt,
      isInTrash: isInTrash(assets.id),
    })
    .from(assets)
    .where(
      sql`${assets.id} = ${clip.versionOfId}
        or (${assets.versionOfId} = ${clip.id} and ${assets.state} not in ('failed', 'closed'))`,
    )
    .orderBy(
      sql`${assets.id} is not distinct from ${clip.versionOfId}::uuid desc, ${assets.createdAt} desc, ${assets.id} desc`,
    )
    .limit(maxNewer + 1)
  const toVersion = ({ id, createdAt, ...rest }: (typeof found)[number]): ClipVersion => ({
    assetId: id,
    createdAt: createdAt.toISOString(),
    ...rest,
  })
  const base = found.find(({ id }) => id === clip.versionOfId)
  return {
    versionOf: base === undefined ? null : toVersion(base),
    newer: found.filter(({ id }) => id !== clip.versionOfId).map(toVersion),
  }
}
