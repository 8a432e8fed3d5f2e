export type GatewayErrorCode = 'badEnvironment' | 'portTaken' | 'addressNotUsable' | 'databaseUnreachable'

/** What keeps the gateway from starting, with what to do about it. */
export class GatewayError extends Error {
  readonly code: GatewayErrorCode
  readonly hint: string

  constructor(code: GatewayErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'GatewayError'
    this.code = code
    this.hint = hint
  }
}
