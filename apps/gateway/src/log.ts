import { loggableError } from '@rushes/db'
import { type Logger, pino } from 'pino'

/** One JSON line per thing that happened, on standard output. Secrets are never given to it. */
export function createLog(): Logger {
  const serializers = { err: (error: Error) => pino.stdSerializers.err(loggableError(error)) }
  return pino({ base: { program: 'gateway' }, timestamp: pino.stdTimeFunctions.isoTime, serializers })
}
