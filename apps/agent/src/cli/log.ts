import { type Logger, pino } from 'pino'
import { logLevel } from '../config.ts'
import { createLogFile } from './log-file.ts'
import { shownText } from './output.ts'

/** Log lines for the standard error stream: short ones for a person at a terminal, JSON for everything else; or for a file that is rotated. */
export function createLog(options: { json: boolean; quiet?: boolean; file?: string | undefined }): Logger {
  const level = options.quiet === true ? 'error' : logLevel()
  if (options.file !== undefined) return pino({ level }, createLogFile(options.file))
  if (options.json || !process.stderr.isTTY) return pino({ level }, pino.destination({ dest: 2, sync: true }))
  return pino({ level, base: null }, { write: (line: string) => process.stderr.write(`${forPeople(line)}\n`) })
}

const labels: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'ERROR', 60: 'FATAL' }

/** A line of the log as a terminal may show it: names of files are somebody else's words. */
export function forPeople(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line)
  const fields = Object.entries(rest).map(
    ([name, value]) => `${name}=${shownText(typeof value === 'string' ? value : JSON.stringify(value))}`,
  )
  return [new Date(time).toTimeString().slice(0, 8), labels[level] ?? level, shownText(String(msg)), ...fields].join(
    ' ',
  )
}
