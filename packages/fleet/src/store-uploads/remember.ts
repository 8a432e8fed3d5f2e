import { type Database, storeUploads } from '@rushes/db'
import { and, eq, isNull } from 'drizzle-orm'

/**
 * Keeps the bucket's id of a multipart upload. The one that is kept already stays: whoever came second ends its own.
 *
 * @returns the id that counts; null when the upload was ended meanwhile
 */
export async function rememberStoreUpload(
  { db }: { db: Database },
  input: { assetId: string; uploadId: string },
): Promise<string | null> {
  const kept = await db
    .update(storeUploads)
    .set({ uploadId: input.uploadId })
    .where(and(eq(storeUploads.assetId, input.assetId), isNull(storeUploads.uploadId)))
    .returning({ uploadId: storeUploads.uploadId })
  if (kept.length > 0) return input.uploadId
  const [row] = await db
    .select({ uploadId: storeUploads.uploadId })
    .from(storeUploads)
    .where(eq(storeUploads.assetId, input.assetId))
  return row?.uploadId ?? null
}
