import { assets, clipMedia, type Database } from '@rushes/db'
import { and, eq, not } from 'drizzle-orm'
import { isGivenUp, isInTrash } from '../clips/in-trash.ts'

/** What it takes to serve the bytes of a clip. */
export type ClipContent = {
  assetId: string
  name: string
  filetype: string
  storeKey: string
  sizeBytes: number
  availableAt: Date
  /** Only the view of the trash shows it. */
  isInTrash: boolean
  hasPoster: boolean
}

/** A clip whose bytes are there; null when there is none of this id, it is not whole, or it was removed from the trash. */
export async function findClipContent(
  { db }: { db: Database },
  input: { assetId: string },
): Promise<ClipContent | null> {
  const [found] = await db
    .select({ asset: assets, isInTrash: isInTrash(assets.id), hasPoster: clipMedia.hasPoster })
    .from(assets)
    .leftJoin(clipMedia, eq(clipMedia.assetId, assets.id))
    .where(and(eq(assets.id, input.assetId), eq(assets.state, 'available'), not(isGivenUp(assets.id))))
  if (found === undefined || found.asset.filesizeBytes === null || found.asset.availableAt === null) return null
  const { id, name, filetype, storeKey, filesizeBytes, availableAt } = found.asset
  const hasPoster = found.hasPoster ?? false
  return {
    assetId: id,
    name,
    filetype,
    storeKey,
    sizeBytes: filesizeBytes,
    availableAt,
    isInTrash: found.isInTrash,
    hasPoster,
  }
}
