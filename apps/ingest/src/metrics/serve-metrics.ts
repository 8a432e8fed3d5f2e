import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Logger } from 'pino'
import { listenFailure } from '../listen.ts'
import type { Metrics } from './metrics.ts'

export type MetricsServer = { port: number; close(): Promise<void> }

/**
 * Serves `/metrics` on a port of its own, so that whoever lets devices in from outside need not let them see this.
 *
 * @throws StartError `portTaken`, `addressUnusable`
 */
export async function serveMetrics(given: {
  metrics: Metrics
  host: string
  port: number
  log: Logger
}): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== '/metrics')
      return void response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics\n')
    given.metrics.expose().then(
      ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType }).end(text),
      (error: unknown) => {
        given.log.error({ err: error }, 'metrics could not be told')
        response.writeHead(500).end()
      },
    )
  })
  server.listen({ host: given.host, port: given.port })
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw listenFailure(cause, given, 'RUSHES_INGEST_METRICS_PORT')
  }
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : given.port,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
