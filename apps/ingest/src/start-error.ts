export type StartErrorCode =
  | 'badEnvironment'
  | 'portTaken'
  | 'addressUnusable'
  | 'databaseUnreachable'
  | 'databaseOlder'
  | 'databaseNewer'
  | 'storeUnusable'
  | 'storeIsAnother'
  | 'storeUnreachable'

/** Why ingest cannot start; the hint says what the person who starts it can do. */
export class StartError extends Error {
  readonly code: StartErrorCode
  readonly hint: string

  constructor(code: StartErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StartError'
    this.code = code
    this.hint = hint
  }
}
