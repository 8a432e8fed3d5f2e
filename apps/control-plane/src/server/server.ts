import { createDatabase, type DatabaseHandle, loggableError } from '@rushes/db'
import { type Auth, createAuth } from '@rushes/fleet'
import { type Logger, pino } from 'pino'
import { type Config, config } from '../config.ts'

/** What the requests of this process share. */
export type Server = { config: Config; database: DatabaseHandle; auth: Auth; log: Logger }

declare global {
  var rushesControlPlane: Server | undefined
}

/** Builds it with the first request. Next loads modules more than once in a process, so it is kept where all copies find it. */
export function server(): Server {
  globalThis.rushesControlPlane ??= compose(config())
  return globalThis.rushesControlPlane
}

function compose(config: Config): Server {
  const log = pino({
    name: 'control-plane',
    serializers: { err: (error: Error) => pino.stdSerializers.err(loggableError(error)) },
  })
  const database = createDatabase({
    connectionString: config.databaseUrl,
    maxConnections: 20,
    applicationName: 'rushes-control-plane',
    onIdleError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
  })
  const auth = createAuth({
    db: database.db,
    secret: config.secret,
    baseUrl: config.publicUrl,
    onError: (error) => log.error({ err: error }, 'sign-in failed unexpectedly'),
  })
  return { config, database, auth, log }
}
