import { type Logger, pino } from 'pino'

/** One JSON line per thing that happened, on standard output. Secrets are never given to it. */
export function createLog(): Logger {
  return pino({ base: { program: 'gateway' }, timestamp: pino.stdTimeFunctions.isoTime })
}
