import { checkSchema, createDatabase, type DatabaseHandle } from '@rushes/db'
import type { Logger } from 'pino'
import { StartError } from './start-error.ts'

/**
 * Opens the database and makes sure that this version and it belong together. Migrating is left to those who are told to.
 *
 * @throws StartError `databaseUnreachable`, `databaseOlder`, `databaseNewer`
 */
export async function prepareDatabase(connectionString: string, log: Logger): Promise<DatabaseHandle> {
  const database = createDatabase({
    connectionString,
    maxConnections: 20,
    connectTimeoutMs: 5_000,
    applicationName: 'rushes-ingest',
    onIdleError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
  })
  try {
    const schema = await checkSchema(database.pool).catch((cause: unknown) => {
      throw new StartError(
        'databaseUnreachable',
        `the database of DATABASE_URL cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
        'Check that PostgreSQL runs and that user, password and database name are right',
        cause,
      )
    })
    if (schema.kind === 'older')
      throw new StartError(
        'databaseOlder',
        `the database lacks the migrations ${schema.missing.join(', ')}`,
        'Run `rushes-admin migrate` with the same DATABASE_URL',
      )
    if (schema.kind === 'newer')
      throw new StartError(
        'databaseNewer',
        `the database has migrations that this version does not know: ${schema.unknown.join(', ')}`,
        'Start the version that wrote it, or a newer one',
      )
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}
