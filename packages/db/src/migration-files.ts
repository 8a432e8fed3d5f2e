import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MigrationError } from './migration-error.ts'

export type MigrationFile = { readonly name: string; readonly sql: string; readonly sha256: string }

/** The folder `drizzle/` at the top of the repository. Asked for when needed: bundled programs, which never migrate, have no such folder. */
export const migrationsDir = () => join(import.meta.dirname, '../../../drizzle/')

const namePattern = /^\d{8}T\d{4}_[a-z0-9]+(_[a-z0-9]+)*\.sql$/

/**
 * The migrations of a folder in the order of their names, which is the order of their timestamps.
 *
 * @throws MigrationError `migrationNameInvalid`
 */
export async function readMigrationFiles(directory: string): Promise<MigrationFile[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name) => {
      if (!namePattern.test(name)) {
        throw new MigrationError(
          'migrationNameInvalid',
          `the migration ${name} has a name that does not say when and what`,
          'Name it like 20261122T1200_add_execution_lease.sql',
        )
      }
      const sql = await readFile(join(directory, name), 'utf8')
      return { name: name.slice(0, -'.sql'.length), sql, sha256: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}
