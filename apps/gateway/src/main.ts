import { readConfig } from './config.ts'
import { startGateway } from './gateway.ts'
import { GatewayError } from './gateway-error.ts'
import { createLog } from './log.ts'

const log = createLog()
try {
  const gateway = await startGateway(readConfig(), log)
  let isStopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) return
      isStopping = true
      log.info({ signal }, 'stopping')
      gateway.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'the stop failed')
          process.exit(1)
        },
      )
    })
  }
} catch (error) {
  if (!(error instanceof GatewayError)) throw error
  const { code, hint, message, cause } = error
  log.fatal({ code, hint, ...(cause === undefined ? {} : { err: cause }) }, message)
  process.exitCode = 1
}
