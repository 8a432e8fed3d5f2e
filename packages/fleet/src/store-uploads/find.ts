import { type Database, storeUploads } from '@rushes/db'
import { eq } from 'drizzle-orm'

/** The multipart upload of a clip; null when nothing of one can be left in the bucket. */
export async function findStoreUpload(
  { db }: { db: Database },
  input: { assetId: string },
): Promise<{ uploadId: string | null } | null> {
  const [row] = await db
    .select({ uploadId: storeUploads.uploadId })
    .from(storeUploads)
    .where(eq(storeUploads.assetId, input.assetId))
  return row ?? null
}
