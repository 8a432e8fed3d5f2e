/** Codes that the local programs (start, test, torture, bench) fail with. */
export type FailureCode =
  | 'dataFolderNotWritable'
  | 'dataFolderInUse'
  | 'dataFolderNotOurs'
  | 'dataFolderDamaged'
  | 'portTaken'
  | 'portRefusedByBrowsers'
  | 'badArgument'
  | 'badEnvironment'
  | 'buildFailed'
  | 'componentNotHealthy'
  | 'databaseUnreachable'
  | 'postgresUnsupportedPlatform'
  | 'postgresNoUser'
  | 'postgresInitFailed'
  | 'postgresStartFailed'
  | 'postgresDataMissing'
  | 'toolMissing'

/** What a local program throws when it cannot go on: `hint` says what the person at the keyboard can do about it. */
export class Failure extends Error {
  readonly code: FailureCode
  readonly hint: string

  constructor(code: FailureCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'Failure'
    this.code = code
    this.hint = hint
  }
}

/** The errno name (`EACCES`, `ENOENT` …) of a failed system call, or undefined for any other value. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
