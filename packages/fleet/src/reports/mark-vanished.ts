import { type Database, deviceUploads } from '@rushes/db'
import { and, eq, isNull, sql } from 'drizzle-orm'

/** Marks what a whole snapshot of the device did not name any more; what it names again is unmarked as it is stored. */
export async function markVanishedUploads(
  { db }: { db: Database },
  input: { deviceId: string; namedUploadIds: ReadonlySet<string> },
): Promise<{ vanishedIds: string[] }> {
  const vanished = await db
    .update(deviceUploads)
    .set({ vanishedAt: sql`clock_timestamp()` })
    .where(
      and(
        eq(deviceUploads.deviceId, input.deviceId),
        isNull(deviceUploads.vanishedAt),
        sql`${deviceUploads.uploadId} <> all(${sql.param([...input.namedUploadIds])}::text[])`,
      ),
    )
    .returning({ uploadId: deviceUploads.uploadId })
  return { vanishedIds: vanished.map((row) => row.uploadId) }
}
