import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { createDatabase, type DatabaseHandle } from '../database.ts'
import { migrate } from '../migrate.ts'
import { migrationsDir, readMigrationFiles } from '../migration-files.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A server on which the run may create databases. */
    postgresAdminUrl: string
  }
}

export type TestDatabase = DatabaseHandle & {
  readonly connectionString: string
  /** Closes the pool and drops the database, whoever else is still connected. Safe to call twice. */
  drop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Makes a database of its own for a suite: `const database = await createTestDatabase()` in `beforeAll`,
 * `await database.drop()` in `afterAll`; or `await using` within one test. It is a copy of a migrated template that the
 * first caller of a run makes, so it costs some tens of milliseconds.
 *
 * @param options.migrated false: an empty one
 * @param options.adminUrl a server on which databases may be made; left out: the one of the test run
 */
export async function createTestDatabase(
  options: { maxConnections?: number; migrated?: boolean; adminUrl?: string } = {},
): Promise<TestDatabase> {
  const adminUrl = options.adminUrl ?? inject('postgresAdminUrl')
  const name = `rushes_test_${process.pid}_${randomBytes(6).toString('hex')}`
  if (options.migrated === false) await administer(adminUrl, (admin) => admin.query(`create database ${name}`))
  else await copyTemplate(adminUrl, name)

  const connectionString = urlOf(adminUrl, name)
  const handle = createDatabase({ connectionString, maxConnections: options.maxConnections ?? 10 })
  let dropping: Promise<void> | undefined
  const drop = () => {
    dropping ??= handle.close().then(async () => {
      await administer(adminUrl, (admin) => admin.query(`drop database if exists ${name} with (force)`))
    })
    return dropping
  }
  return { ...handle, connectionString, drop, [Symbol.asyncDispose]: drop }
}

/** Any number does, as long as all processes of a run agree on it. */
const templateLock = 7_221_120_261

async function copyTemplate(adminUrl: string, name: string): Promise<void> {
  const files = await readMigrationFiles(migrationsDir())
  const content = createHash('sha256')
  for (const file of files) content.update(`${file.name} ${file.sha256}\n`)
  const template = `rushes_template_${content.digest('hex').slice(0, 16)}`
  await administer(adminUrl, async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [templateLock]) // released when the session ends
    const found = await admin.query('select from pg_database where datname = $1', [template])
    if (found.rowCount === 0) {
      // Renamed when it is whole: a template of that name is never half migrated.
      const partial = `${template}_partial`
      await admin.query(`drop database if exists ${partial} with (force)`)
      await admin.query(`create database ${partial}`)
      await migrate(urlOf(adminUrl, partial))
      await admin.query(`alter database ${partial} rename to ${template}`)
    }
    await admin.query('select pg_advisory_unlock($1)', [templateLock])
    await admin.query(`create database ${name} template ${template}`)
  })
}

async function administer(adminUrl: string, work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 })
  await admin.connect()
  try {
    await work(admin)
  } finally {
    await admin.end()
  }
}

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl)
  url.pathname = `/${database}`
  return url.href
}
