import { assets, type Database, deviceUploads } from '@rushes/db'
import { and, eq, not, type SQL, sql } from 'drizzle-orm'
import { isInTrash } from '../clips/in-trash.ts'

/** Stored clips of a device, of whatever project, that are not what it sent, or no longer; what is in the trash is left out. */
export type UnsoundClips = {
  clipCount: number
  /** How many of them, and how many bytes, the device itself still reports as verified: nobody has told it otherwise. */
  reportedVerifiedCount: number
  reportedVerifiedBytes: number
}

/** Joins a report with the asset that it names; foreign destinations have ids of their own kind. */
export const isReportedAsset = (): SQL =>
  sql`${assets.id} = case when ${deviceUploads.assetId} ~ ${uuidPattern} then ${deviceUploads.assetId}::uuid end
    and ${assets.deviceId} = ${deviceUploads.deviceId}`

const uuidPattern = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'

/** `UnsoundClips` by device, as a subquery; devices without any have no row. */
export function unsoundByDevice(db: Database) {
  const isVerified = sql`${deviceUploads.uploadId} is not null`
  return db
    .select({
      deviceId: assets.deviceId,
      clipCount: sql<number>`count(*)::int`.as('unsound_count'),
      reportedVerifiedCount: sql<number>`(count(*) filter (where ${isVerified}))::int`.as('unsound_verified_count'),
      reportedVerifiedBytes:
        sql<number>`coalesce(sum(${deviceUploads.sizeBytes}) filter (where ${isVerified}), 0)::float8`.as(
          'unsound_verified_bytes',
        ),
    })
    .from(assets)
    .leftJoin(
      deviceUploads,
      and(
        eq(deviceUploads.assetId, sql`${assets.id}::text`),
        eq(deviceUploads.deviceId, assets.deviceId),
        eq(deviceUploads.state, 'verified'),
        sql`${deviceUploads.vanishedAt} is null`,
      ),
    )
    .where(and(eq(assets.custody, 'mismatch'), not(isInTrash(assets.id))))
    .groupBy(assets.deviceId)
    .as('unsound')
}
