export type MigrationErrorCode =
  | 'databaseNewer'
  | 'migrationChanged'
  | 'migrationOutOfOrder'
  | 'migrationNameInvalid'
  | 'migrationFailed'
  | 'migrationLockTimeout'

/** Why a database could not be brought to the current schema; nothing of the migration named in it was applied. */
export class MigrationError extends Error {
  readonly code: MigrationErrorCode
  readonly hint: string

  constructor(code: MigrationErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'MigrationError'
    this.code = code
    this.hint = hint
  }
}
