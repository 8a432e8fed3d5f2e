import { type Database, objectStores } from '@rushes/db'
import { sql } from 'drizzle-orm'

/** The store that this database tells of; null before the first one. */
export async function findKnownStore({ db }: { db: Database }): Promise<{ id: string } | null> {
  const [known] = await db.select({ id: objectStores.id }).from(objectStores).limit(1)
  return known ?? null
}

/** Notes which store this database tells of, unless one is known. Of several programs that start at once the first one's stays. */
export async function knowStore({ db }: { db: Database }, input: { id: string }): Promise<{ id: string }> {
  return db.transaction(async (tx) => {
    // The row that two of them would compete for is not there yet, so that nothing less than the table can be locked.
    await tx.execute(sql`lock table ${objectStores} in share row exclusive mode`)
    const known = await findKnownStore({ db: tx })
    if (known === null) await tx.insert(objectStores).values({ id: input.id })
    return known ?? { id: input.id }
  })
}
