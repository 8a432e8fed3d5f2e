import { storeUploads } from '@rushes/db'
import { eq } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

/** Says when the bucket is asked again for the parts of an upload. */
export async function postponeStoreLook(
  { db, now }: Clocked,
  input: { assetId: string; lookAt: Date; hasNews: boolean },
): Promise<void> {
  await db
    .update(storeUploads)
    .set({ lookAt: input.lookAt, ...(input.hasNews ? { newsAt: now } : {}) })
    .where(eq(storeUploads.assetId, input.assetId))
}
