import type { InstanceOutput } from './instance.ts'

/**
 * What a person sees of an instance: its steps, and of the programs' own lines those that need attention. Everything else
 * is in the log files.
 */
export function terminalOutput(options: { verbose: boolean }): InstanceOutput {
  const width = 'control-plane'.length
  const print = (name: string, text: string) => process.stdout.write(`${name.padEnd(width)} | ${text}\n`)
  return {
    step: (text) => print('rushes', text),
    notice: print,
    line: (component, line) => {
      const text = options.verbose ? line : worthAttention(line)
      if (text !== undefined) print(component, text)
    },
  }
}

const levelNames: Readonly<Record<number, string>> = { 40: 'warning', 50: 'error', 60: 'fatal' }

/** A log line (JSON, pino's levels) from warning up, in words; of PostgreSQL's lines those that are no routine. */
function worthAttention(line: string): string | undefined {
  const entry = line.startsWith('{') ? parsed(line) : undefined
  if (entry === undefined) return /^(PANIC|FATAL|WARNING): /.test(line) ? line : undefined
  const { level } = entry
  if (typeof level !== 'number' || level < 40) return undefined
  const reason = [entry.err, entry.error].map(messageOf).find((message) => message !== undefined)
  return `${levelNames[level] ?? 'error'}: ${entry.msg ?? ''}${reason === undefined ? '' : `: ${reason}`}`
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // a line that only looks like JSON is shown to nobody, like other plain lines
  }
}

function messageOf(error: unknown): string | undefined {
  if (typeof error === 'string') return error
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : undefined
}
