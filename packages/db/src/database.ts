import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { prepareRepeated } from './prepare-repeated.ts'
import * as schema from './schema/index.ts'

/** drizzle over the whole schema. A transaction's handle is one too, so that a verb of `fleet` takes either. */
export type Database = NodePgDatabase<typeof schema>

export type DatabaseHandle = {
  readonly db: Database
  /** For what drizzle does not do: LISTEN, advisory locks held by a session, COPY. */
  readonly pool: pg.Pool
  /** Waits for the queries that are running, then ends every connection. Safe to call twice. */
  close(): Promise<void>
}

export type DatabaseOptions = {
  connectionString: string
  /** Upper limit of connections, hence of queries at once; more of them wait for their turn. */
  maxConnections?: number
  /** How long a query may wait for a connection before it fails. */
  connectTimeoutMs?: number
  /** Shown in `pg_stat_activity`, to tell which program holds a lock. */
  applicationName?: string
  /** Told of idle connections that broke (the server restarted, a firewall cut them). The pool replaces them by itself. */
  onIdleError?: (error: Error) => void
}

/** Column names are written out in the schema; a key without a name would become snake_case, here and in the migrations. */
export const columnCasing = 'snake_case'

/** Opens a pool of connections to PostgreSQL; the first query makes the first connection. */
export function createDatabase(options: DatabaseOptions): DatabaseHandle {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.maxConnections ?? 10,
    // What is asked side by side on one connection goes out at once and is done in its order, in place of a round trip each.
    pipeline: true,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    ...(options.applicationName === undefined ? {} : { application_name: options.applicationName }),
  })
  // Without a listener, a connection that breaks would end the process: an idle one, which the pool tells of, and one that is
  // lent out and waits between two queries of a transaction, whose next query then fails by itself.
  pool.on('error', (error) => options.onIdleError?.(error))
  pool.on('connect', (client) => {
    client.on('error', () => undefined)
    prepareRepeated(client)
  })
  let closing: Promise<void> | undefined
  return {
    db: withSafeTransactions(pool),
    pool,
    close: () => {
      closing ??= pool.end()
      return closing
    },
  }
}

/**
 * drizzle over a pool, whose transactions give their connection back in every case. Its own keep it when `begin` fails, as it does
 * on a connection that broke while it was idle; a few of those, and the pool has none left to lend.
 */
function withSafeTransactions(pool: pg.Pool): Database {
  const lent = new WeakMap<pg.PoolClient, Database>()
  const over = (client: pg.PoolClient): Database => {
    const known = lent.get(client) ?? drizzle(client, { schema, casing: columnCasing })
    lent.set(client, known)
    return known
  }
  const db: Database = drizzle(pool, { schema, casing: columnCasing })
  db.transaction = async (work, config) => {
    const client = await pool.connect()
    try {
      return await over(client).transaction(work, config)
    } finally {
      client.release() // the pool drops one that is broken
    }
  }
  return db
}
