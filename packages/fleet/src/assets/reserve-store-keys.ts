import { assets, type Database } from '@rushes/db'
import { and, eq, ne, sql } from 'drizzle-orm'
import { busy, type Together } from '../context.ts'

export type StoreKeyReservation = { assetId: string; storeKey: string }

/**
 * Writes down where clips are about to be put, before they are put there: after a crash that is where to look. False where
 * another clip has the place. `busy` where another one is about to take it, unless it is waited for.
 */
export async function reserveStoreKeys(
  { db, wait }: Pick<Together, 'db' | 'wait'>,
  asked: readonly StoreKeyReservation[],
): Promise<(boolean | typeof busy)[]> {
  if (wait) {
    const outcomes: boolean[] = []
    for (const one of asked) outcomes.push(await reserveStoreKey(db, one))
    return outcomes
  }
  const { rows } = await db.execute<{ id: string; is_taken: boolean }>(sql`
    with asked as (
      select asked.*, exists (select from assets other where other.store_key = asked.store_key and other.id <> asked.id) as is_taken
      from unnest(
        ${sql.param(asked.map(({ assetId }) => assetId))}::uuid[],
        ${sql.param(asked.map(({ storeKey }) => storeKey))}::text[]) asked(id, store_key)
    ),
    reserved as (
      update assets set store_key = asked.store_key
      from (select distinct on (store_key) id, store_key from asked where not is_taken order by store_key) asked
      where assets.id = asked.id and assets.state = 'assembling'
      returning assets.id
    )
    select id, is_taken from asked where is_taken union all select id, false from reserved`)
  const told = new Map(rows.map(({ id, is_taken }) => [id, !is_taken]))
  return asked.map(({ assetId }) => told.get(assetId) ?? busy)
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
