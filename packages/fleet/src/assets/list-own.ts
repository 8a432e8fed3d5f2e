import { assets, type Database } from '@rushes/db'
import { and, asc, eq, gt, gte, or } from 'drizzle-orm'

export type OwnAsset = {
  id: string
  name: string
  filetype: string
  filesizeBytes: number | null
  projectId: string
  status: 'created' | 'assembling' | 'available' | 'failed' | 'closed'
  verified: 'no' | 'pending' | 'verified' | 'mismatch' | 'sizeChecked'
  capturedAt: Date
  createdAt: Date
  relativePath: string | null
  volumeId: string | null
  fileXxh64: string | null
}

/**
 * The clips that a device created since an instant, oldest first: for rebuilding a lost queue. Those of its former projects
 * are among them, so that none of them goes up a second time. `after` is the last one of the page before.
 */
export async function listOwnAssets(
  { db }: { db: Database },
  input: { deviceId: string; since: Date; after: { createdAt: Date; id: string } | null; limit: number },
): Promise<OwnAsset[]> {
  const { after } = input
  return db
    .select({
      id: assets.id,
      name: assets.name,
      filetype: assets.filetype,
      filesizeBytes: assets.filesizeBytes,
      projectId: assets.projectId,
      status: assets.state,
      verified: assets.custody,
      capturedAt: assets.capturedAt,
      createdAt: assets.createdAt,
      relativePath: assets.relativePath,
      volumeId: assets.volumeId,
      fileXxh64: assets.fileXxh64,
    })
    .from(assets)
    .where(
      and(
        eq(assets.deviceId, input.deviceId),
        gte(assets.createdAt, input.since),
        after === null
          ? undefined
          : or(
              gt(assets.createdAt, after.createdAt),
              and(eq(assets.createdAt, after.createdAt), gt(assets.id, after.id)),
            ),
      ),
    )
    .orderBy(asc(assets.createdAt), asc(assets.id))
    .limit(input.limit)
}
