import { AgentError, type AgentErrorCode } from '../agent-error.ts'

/** Exit codes of the command line; scripts rely on them. */
export const exitCodes = { done: 0, failed: 1, misuse: 2, notPaired: 3, daemonNotRunning: 4 } as const

const byErrorCode: Partial<Record<AgentErrorCode, number>> = {
  MISUSE: exitCodes.misuse,
  CONFIG_INVALID: exitCodes.misuse,
  PLAIN_HTTP_REFUSED: exitCodes.misuse,
  NOT_PAIRED: exitCodes.notPaired,
  DAEMON_NOT_RUNNING: exitCodes.daemonNotRunning,
}

export const exitCodeOf = (error: unknown): number =>
  error instanceof AgentError ? (byErrorCode[error.code] ?? exitCodes.failed) : exitCodes.failed
