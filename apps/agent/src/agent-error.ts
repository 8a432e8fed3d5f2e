/** Stable codes of everything the agent throws for an operator to read. */
export type AgentErrorCode =
  | 'CONFIG_INVALID'
  | 'STATE_DIR_UNUSABLE'
  | 'STATE_DIR_LOCKED'
  | 'QUEUE_UNUSABLE'
  | 'QUEUE_TOO_NEW'
  | 'QUEUE_ROW_INVALID'
  | 'NOT_PAIRED'
  | 'DAEMON_NOT_RUNNING'
  | 'SERVER_UNREACHABLE'
  | 'SERVER_REFUSED'
  | 'SERVER_NOT_RUSHES'
  | 'PLAIN_HTTP_REFUSED'
  | 'PAIRING_REFUSED'
  | 'PAIRING_CANCELLED'
  | 'MISUSE'
  | 'WAIT_INTERRUPTED'
  | 'UPLOAD_FAILED'
  | 'WATCH_FOLDER_UNUSABLE'
  | 'LOCAL_API_FAILED'
  | 'PIPE_NOT_TAKEN'
  | 'CHECKS_FAILED'

/** An error that an operator gets to see: what happened, a stable code, and what to do about it. */
export class AgentError extends Error {
  override readonly name = 'AgentError'
  readonly code: AgentErrorCode
  readonly hint: string

  constructor(code: AgentErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
    this.hint = hint
  }
}

/** The `code` of a Node.js or network error, or of what caused it; `UNKNOWN` when there is none. */
export function errorCode(error: unknown): string {
  let current = error
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    if ('code' in current && typeof current.code === 'string' && current.code !== '') return current.code
    current = current.cause
  }
  return 'UNKNOWN'
}

/** The message of anything that was thrown, cut to a length that fits a report. */
export function errorMessage(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error)
  return message.slice(0, 500)
}
