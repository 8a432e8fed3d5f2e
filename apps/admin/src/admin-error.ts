export type AdminErrorCode =
  | 'noDatabase'
  | 'badEnvironment'
  | 'instanceNotFound'
  | 'instanceDamaged'
  | 'databaseUnreachable'
  | 'notFound'
  | 'refused'
  | 'misuse'

/** What ends a command with a message for the person at the keyboard. Exit code 2 for misuse, 1 for the rest. */
export class AdminError extends Error {
  readonly code: AdminErrorCode
  readonly hint: string

  constructor(code: AdminErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AdminError'
    this.code = code
    this.hint = hint
  }
}
