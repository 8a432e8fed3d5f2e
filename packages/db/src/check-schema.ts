import pg from 'pg'
import { migrationsDir, readMigrationFiles } from './migration-files.ts'

export type SchemaCheck =
  | { kind: 'current' }
  /** These migrations have yet to be applied. */
  | { kind: 'older'; missing: string[] }
  /** A newer version has applied these, or changed ones that we know. */
  | { kind: 'newer'; unknown: string[] }

/** Compares the migrations that a database has with ours and changes nothing: for programs that leave migrating to another. */
export async function checkSchema(pool: pg.Pool, options: { directory?: string } = {}): Promise<SchemaCheck> {
  const files = await readMigrationFiles(options.directory ?? migrationsDir())
  const applied = await appliedMigrations(pool)
  const ours = new Map(files.map((file) => [file.name, file.sha256]))
  const unknown = applied.filter((row) => ours.get(row.name) !== row.sha256).map((row) => row.name)
  if (unknown.length > 0) return { kind: 'newer', unknown }
  const names = new Set(applied.map((row) => row.name))
  const missing = files.map((file) => file.name).filter((name) => !names.has(name))
  return missing.length > 0 ? { kind: 'older', missing } : { kind: 'current' }
}

async function appliedMigrations(pool: pg.Pool): Promise<{ name: string; sha256: string }[]> {
  try {
    return (await pool.query<{ name: string; sha256: string }>('select name, sha256 from schema_migrations')).rows
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '42P01') return [] // an empty database
    throw error
  }
}
