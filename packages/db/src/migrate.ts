import pg from 'pg'
import { MigrationError } from './migration-error.ts'
import { type MigrationFile, migrationsDir, readMigrationFiles } from './migration-files.ts'

export type MigrateOptions = {
  /** Where the `*.sql` files are. */
  directory?: string
  /** How long to wait for another program that is migrating the same database. */
  lockTimeoutMs?: number
}

export type MigrateResult = {
  /** Names of the migrations that this call applied, in order. Empty: the database was current. */
  readonly applied: readonly string[]
}

/** Any number does, as long as it is this one everywhere. */
const migrationLock = 7_221_120_260

/**
 * Brings a database to the current schema: applies the missing migrations in order, each in its own transaction together
 * with its row in `schema_migrations`. Programs that start together take turns by an advisory lock.
 *
 * @throws MigrationError `databaseNewer`, `migrationChanged`, `migrationOutOfOrder` before anything is applied;
 *   `migrationFailed` with the earlier ones applied and the failed one rolled back; `migrationLockTimeout`
 */
export async function migrate(target: pg.Pool | string, options: MigrateOptions = {}): Promise<MigrateResult> {
  const files = await readMigrationFiles(options.directory ?? migrationsDir())
  if (typeof target === 'string') {
    const client = new pg.Client({ connectionString: target, connectionTimeoutMillis: 10_000 })
    await client.connect()
    try {
      return await migrateLocked(client, files, options.lockTimeoutMs ?? 60_000)
    } finally {
      await client.end()
    }
  }
  const client = await target.connect()
  try {
    return await migrateLocked(client, files, options.lockTimeoutMs ?? 60_000)
  } finally {
    client.release()
  }
}

async function migrateLocked(
  client: pg.ClientBase,
  files: MigrationFile[],
  lockTimeoutMs: number,
): Promise<MigrateResult> {
  await takeLock(client, lockTimeoutMs)
  try {
    await client.query(`create table if not exists schema_migrations (
      name text primary key,
      sha256 text not null,
      applied_at timestamptz not null default now()
    )`)
    const rows = await client.query<{ name: string; sha256: string }>('select name, sha256 from schema_migrations')
    const missing = missingAfter(rows.rows, files)
    for (const file of missing) await apply(client, file)
    return { applied: missing.map((file) => file.name) }
  } finally {
    await client.query('select pg_advisory_unlock($1)', [migrationLock])
  }
}

async function takeLock(client: pg.ClientBase, lockTimeoutMs: number): Promise<void> {
  await client.query('begin')
  try {
    await client.query(`set local lock_timeout = ${Math.ceil(lockTimeoutMs)}`)
    await client.query('select pg_advisory_lock($1)', [migrationLock]) // held by the session, beyond this transaction
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback')
    if (!(cause instanceof pg.DatabaseError) || cause.code !== '55P03') throw cause
    throw new MigrationError(
      'migrationLockTimeout',
      `another program has been migrating this database for more than ${lockTimeoutMs} ms`,
      'Wait until it is done, or end the session that holds the advisory lock (see pg_locks)',
      cause,
    )
  }
}

/** Which files are yet to be applied, once it is sure that the database's history is the beginning of ours. */
function missingAfter(applied: { name: string; sha256: string }[], files: MigrationFile[]): MigrationFile[] {
  const filesByName = new Map(files.map((file) => [file.name, file]))
  for (const row of applied) {
    const file = filesByName.get(row.name)
    if (file === undefined) {
      throw new MigrationError(
        'databaseNewer',
        `the database has the migration ${row.name}, which this version does not know`,
        'It was written by a newer version of Rushes: start that one, or restore a backup made before it',
      )
    }
    if (file.sha256 !== row.sha256) {
      throw new MigrationError(
        'migrationChanged',
        `the migration ${row.name} was changed after it was applied to this database`,
        'Put its file back as it was, and write a new migration for the change',
      )
    }
  }
  const appliedNames = new Set(applied.map((row) => row.name))
  const missing = files.filter((file) => !appliedNames.has(file.name))
  const newestApplied = applied
    .map((row) => row.name)
    .sort()
    .at(-1)
  const first = missing[0]
  if (first !== undefined && newestApplied !== undefined && first.name < newestApplied) {
    throw new MigrationError(
      'migrationOutOfOrder',
      `the migration ${first.name} would come before ${newestApplied}, which this database already has`,
      'Give the new file a later timestamp',
    )
  }
  return missing
}

async function apply(client: pg.ClientBase, file: MigrationFile): Promise<void> {
  await client.query('begin')
  try {
    await client.query(file.sql)
    await client.query('insert into schema_migrations (name, sha256) values ($1, $2)', [file.name, file.sha256])
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback')
    throw new MigrationError(
      'migrationFailed',
      `the migration ${file.name} failed and was rolled back: ${cause instanceof Error ? cause.message : String(cause)}`,
      'The database is as it was before this migration; see the cause',
      cause,
    )
  }
}
