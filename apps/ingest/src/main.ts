import './collect-buffers-young.ts'
import { loggableError } from '@rushes/db'
import { createAuth, ensureDeviceModels, findSession } from '@rushes/fleet'
import { pino } from 'pino'
import { readConfig, widenThreadPool } from './config.ts'
import { limits } from './limits.ts'
import { findTools } from './media/find-tools.ts'
import { prepareDatabase } from './prepare-database.ts'
import { StartError } from './start-error.ts'
import { startIngest } from './start-ingest.ts'
import { nameOfStore } from './store/address.ts'

const log = pino({
  base: { program: 'ingest' },
  redact: ['err.headers', 'err.config'],
  serializers: { err: (error: Error) => pino.stdSerializers.err(loggableError(error)) },
})

async function main(): Promise<void> {
  widenThreadPool()
  const config = readConfig()
  const database = await prepareDatabase(config.databaseUrl, log)
  const { generatedClientSecret } = await ensureDeviceModels(database, { clientSecret: config.clientSecret })
  if (generatedClientSecret !== null)
    process.stdout.write(`Other C2C devices pair with this client secret, shown this once: ${generatedClientSecret}\n`)
  const auth = createAuth({
    db: database.db,
    secret: config.secrets[0],
    baseUrl: config.publicUrl,
    onError: (error) => log.error({ err: error }, 'sign-in failed'),
  })
  const ingest = await startIngest({
    config,
    limits: { ...limits, drainMs: config.drainMs },
    log,
    database,
    clock: () => new Date(),
    cage: await findTools(log),
    roleOf: async (headers) => (await findSession(auth, headers))?.person.role ?? null,
  })
  log.info({ host: config.host, port: ingest.port, store: nameOfStore(config.store) }, 'ingest is ready')

  const stop = (signal: NodeJS.Signals) => {
    log.info({ signal }, 'stopping: uploads in flight may end')
    ingest
      .stop()
      .then(() => database.close())
      .catch((error: unknown) => {
        log.error({ err: error }, 'did not stop cleanly')
        process.exitCode = 1
      })
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

main().catch((error: unknown) => {
  if (error instanceof StartError) {
    process.stderr.write(`ingest cannot start (${error.code}): ${error.message}\n${error.hint}\n`)
  } else {
    log.fatal({ err: error }, 'ingest cannot start')
  }
  process.exit(1) // an open pool would keep the process alive
})
