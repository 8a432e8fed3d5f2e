import { assets, type Database } from '@rushes/db'
import { and, eq, ne, sql } from 'drizzle-orm'
import { busy } from '../context.ts'

export type StoreKeyReservation = { assetId: string; storeKey: string }

/**
 * Writes down where clips are about to be put, before they are put there: after a crash that is where to look. False where
 * another clip has the place. Of several at once only those that are plainly free are taken, the others are `busy`.
 */
export async function reserveStoreKeys(
  { db }: { db: Database },
  asked: readonly StoreKeyReservation[],
): Promise<(boolean | typeof busy)[]> {
  const [only] = asked
  if (only !== undefined && asked.length === 1) return [await reserveStoreKey(db, only)]
  const { rows } = await db.execute<{ id: string }>(sql`
    update assets set store_key = asked.store_key
    from (
      select distinct on (store_key) * from unnest(
        ${sql.param(asked.map(({ assetId }) => assetId))}::uuid[],
        ${sql.param(asked.map(({ storeKey }) => storeKey))}::text[]) one(id, store_key)
      order by store_key
    ) asked
    where assets.id = asked.id and assets.state = 'assembling'
      and not exists (select from assets other where other.store_key = asked.store_key and other.id <> asked.id)
    returning assets.id`)
  const reserved = new Set(rows.map(({ id }) => id))
  return asked.map(({ assetId }) => reserved.has(assetId) || busy)
}

async function reserveStoreKey(db: Database, { assetId, storeKey }: StoreKeyReservation): Promise<boolean> {
  const [taken] = await db
    .select({ id: assets.id })
    .from(assets)
    .where(and(eq(assets.storeKey, storeKey), ne(assets.id, assetId)))
  if (taken !== undefined) return false
  try {
    const reserved = await db
      .update(assets)
      .set({ storeKey })
      .where(and(eq(assets.id, assetId), eq(assets.state, 'assembling')))
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
