import { assets, type Database } from '@rushes/db'
import { and, eq, ne } from 'drizzle-orm'

/**
 * Writes down where a clip is about to be put, before it is put there: after a crash that is where to look. False when
 * another clip has the place.
 */
export async function reserveStoreKey(
  { db }: { db: Database },
  input: { assetId: string; storeKey: string },
): Promise<boolean> {
  const [taken] = await db
    .select({ id: assets.id })
    .from(assets)
    .where(and(eq(assets.storeKey, input.storeKey), ne(assets.id, input.assetId)))
  if (taken !== undefined) return false
  try {
    const reserved = await db
      .update(assets)
      .set({ storeKey: input.storeKey })
      .where(and(eq(assets.id, input.assetId), eq(assets.state, 'assembling')))
      .returning({ id: assets.id })
    if (reserved.length === 0) throw new Error('a place was to be reserved for a clip that is not being assembled')
    return true
  } catch (error) {
    if (isUniqueViolation(error)) return false // somebody was quicker between the two statements
    throw error
  }
}

function isUniqueViolation(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('code' in cause && cause.code === '23505') return true
  return false
}
