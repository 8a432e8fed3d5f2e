export { columnCasing, createDatabase, type Database, type DatabaseHandle, type DatabaseOptions } from './database.ts'
export { type MigrateOptions, type MigrateResult, migrate } from './migrate.ts'
export { MigrationError, type MigrationErrorCode } from './migration-error.ts'
export * from './schema/index.ts'
