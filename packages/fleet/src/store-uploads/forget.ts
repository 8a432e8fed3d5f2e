import { type Database, storeUploads } from '@rushes/db'
import { eq } from 'drizzle-orm'

/** Call it when nothing of the upload is left in the bucket: it is completed, or aborted. */
export async function forgetStoreUpload({ db }: { db: Database }, input: { assetId: string }): Promise<void> {
  await db.delete(storeUploads).where(eq(storeUploads.assetId, input.assetId))
}
