import { assets, type Database } from '@rushes/db'
import { and, eq } from 'drizzle-orm'

/** What it takes to serve the bytes of a clip. */
export type ClipContent = {
  assetId: string
  name: string
  filetype: string
  storeKey: string
  sizeBytes: number
  availableAt: Date
}

/** A clip that can be played; null when there is none of this id, or it is not whole. */
export async function findClipContent(
  { db }: { db: Database },
  input: { assetId: string },
): Promise<ClipContent | null> {
  const [asset] = await db
    .select()
    .from(assets)
    .where(and(eq(assets.id, input.assetId), eq(assets.state, 'available')))
  if (asset === undefined || asset.filesizeBytes === null || asset.availableAt === null) return null
  const { id, name, filetype, storeKey, filesizeBytes, availableAt } = asset
  return { assetId: id, name, filetype, storeKey, sizeBytes: filesizeBytes, availableAt }
}
