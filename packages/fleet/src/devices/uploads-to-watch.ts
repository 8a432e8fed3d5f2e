import { assets, type Database, deviceUploads } from '@rushes/db'
import { settledUploadStates } from '@rushes/protocol'
import { and, asc, count, desc, eq, inArray, isNull, sql } from 'drizzle-orm'
import { selectUploads } from './select-uploads.ts'
import { toUploadRow } from './to-upload-row.ts'
import type { UploadRow } from './upload-row.ts'

/** The uploads that a device's live page begins with: what is not settled, then the newest of the rest. The count is of all. */
export async function uploadsToWatch(
  { db }: { db: Database },
  input: { deviceId: string; limit: number },
): Promise<{ uploadCount: number; uploads: UploadRow[] }> {
  const ofDevice = and(eq(deviceUploads.deviceId, input.deviceId), isNull(deviceUploads.vanishedAt))
  const [counted] = await db.select({ uploadCount: count() }).from(deviceUploads).where(ofDevice)
  const isSettled = sql`${deviceUploads.state} in ${[...settledUploadStates]}`
  const found = await selectUploads(db)
    .where(ofDevice)
    .orderBy(asc(isSettled), desc(deviceUploads.receivedAt), asc(deviceUploads.uploadId))
    .limit(input.limit)
  return { uploadCount: counted?.uploadCount ?? 0, uploads: found.map(toUploadRow) }
}

/** Named uploads of a device as they are now stored; those that are gone are left out. */
export async function uploadsByIds(
  { db }: { db: Database },
  input: { deviceId: string; uploadIds: readonly string[] },
): Promise<UploadRow[]> {
  if (input.uploadIds.length === 0) return []
  const found = await selectUploads(db).where(
    and(eq(deviceUploads.deviceId, input.deviceId), inArray(deviceUploads.uploadId, [...input.uploadIds])),
  )
  return found.map(toUploadRow)
}

/**
 * Uploads of a device that were stored or marked, or whose stored bytes were judged, after an instant of the database's clock: at
 * most `limit`, the newest first.
 */
export async function uploadsStoredSince(
  { db }: { db: Database },
  input: { deviceId: string; after: Date; limit: number },
): Promise<UploadRow[]> {
  const storedAt = sql`greatest(${deviceUploads.receivedAt}, ${deviceUploads.vanishedAt}, ${assets.custodyAt}, ${assets.scrubbedAt})`
  const found = await selectUploads(db)
    .where(and(eq(deviceUploads.deviceId, input.deviceId), sql`${storedAt} > ${input.after}`))
    .orderBy(desc(storedAt))
    .limit(input.limit)
  return found.map(toUploadRow)
}
