import { AgentError } from '../agent-error.ts'

/** Where a command writes: JSON lines for programs, or text for people. */
export type Output = {
  json: boolean
  /** One JSON object on one line with `--json`; `text` otherwise. */
  print(value: unknown, text: string | (() => string)): void
}

export const createOutput = (json: boolean): Output => ({
  json,
  print(value, text) {
    process.stdout.write(`${json ? JSON.stringify(value) : typeof text === 'string' ? text : text()}\n`)
  },
})

/** Writes what went wrong, why, and what to do about it to the standard error stream. */
export function printError(error: unknown, json: boolean): void {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof AgentError ? error.code : 'UNEXPECTED'
  const hint =
    error instanceof AgentError ? error.hint : 'This is a fault of the agent; please report it with the lines above.'
  process.stderr.write(
    json
      ? `${JSON.stringify({ error: { code, message, hint } })}\n`
      : `rushes-agent: ${message} [${code}]\n  ${hint}\n`,
  )
  if (!(error instanceof AgentError) && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
}

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** A size in decimal units with a fixed width of digits. */
export function shownBytes(byteCount: number): string {
  let value = byteCount
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** Text for a terminal: control characters are written as escapes, so that a file name cannot move the cursor or colour the screen. */
export const shownText = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`)
