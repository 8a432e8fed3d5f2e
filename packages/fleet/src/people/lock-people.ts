import { type Database, people } from '@rushes/db'
import { sql } from 'drizzle-orm'

/**
 * Counts people and keeps everybody else from adding one until the transaction ends, so that two who both see an empty
 * installation cannot both become its first operator.
 */
export async function lockPeople(tx: Database): Promise<number> {
  await tx.execute(sql`lock table ${people} in share row exclusive mode`)
  return tx.$count(people)
}
