import type { QueryResult } from 'pg'
import type { Database } from './database.ts'

/**
 * Runs a statement that is written out, with `$1` and so on for its values, on the connection of a transaction or on one of the
 * pool. For what runs many times a second: putting a statement together anew for each call takes longer than sending it. Rows
 * come as the driver gives them: instants and whole numbers of 64 bits are texts.
 *
 * @throws DrizzleQueryError whose `cause` is what the driver failed with
 */
export async function runStatement<Row extends Record<string, unknown>>(
  db: Database,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const query = { sql: text, params: [...values] }
  const { rows } = await db._.session
    .prepareQuery<{ execute: QueryResult<Row>; all: unknown; values: unknown }>(query, undefined, undefined, false)
    .execute()
  return rows
}
