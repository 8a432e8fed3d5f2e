export type AscMhlErrorCode =
  /** Has a character that XML has no way to write. */
  | 'textUnwritable'
  /** Absolute, empty, or leads out of the folder that the manifest is of. */
  | 'pathUnusable'
  /** What was given to be read is no manifest or chain file of ASC MHL 2.0. */
  | 'notAscMhl'

export class AscMhlError extends Error {
  readonly code: AscMhlErrorCode

  constructor(code: AscMhlErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AscMhlError'
    this.code = code
  }
}
