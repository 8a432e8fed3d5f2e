import { randomUUID } from 'node:crypto'
import { c2cErrors } from '@rushes/protocol'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { IngestContext } from './context.ts'
import { limitBodyTime } from './http/body-deadline.ts'
import { takeEmptyJson } from './http/empty-json.ts'
import { answerFailure } from './http/error-handler.ts'
import { addRateHeaders, sayWhatStrangersHave } from './http/rate-headers.ts'
import { refuse } from './http/reply-errors.ts'
import { answerUnreadable } from './http/unreadable.ts'
import { authRoutes } from './routes/auth.ts'
import { clipContentRoute, clipPosterRoute } from './routes/clip-content.ts'
import { createAssetRoute } from './routes/create-asset.ts'
import { custodyRoutes } from './routes/custody.ts'
import { discoveryRoute } from './routes/discovery.ts'
import { healthRoute } from './routes/health.ts'
import { heartbeatRoute } from './routes/heartbeat.ts'
import { listAssetsRoute } from './routes/list-assets.ts'
import { meRoute } from './routes/me.ts'
import { purgeReceiptRoute } from './routes/purge-receipt.ts'
import { partPath, putPartRoute } from './routes/put-part.ts'
import { realtimePartsRoute } from './routes/realtime-parts.ts'

/** The HTTP server with every route; it listens when told to. */
export function buildServer(context: IngestContext, options: { trustedProxies: readonly string[] }): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = context.log
  const app: FastifyInstance = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }), // one line of ours for each request, see below
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    bodyLimit: 64 * 1024,
    // A part may take hours. Headers may not, and bodies of other routes have a deadline of their own.
    requestTimeout: 0,
    keepAliveTimeout: 75_000,
    http: {
      headersTimeout: context.limits.headMs,
      connectionsCheckingInterval: context.limits.headMs / 4,
      requireHostHeader: false,
    },
    return503OnClosing: false,
    frameworkErrors: (_error, request, reply) => {
      sayWhatStrangersHave(context, request, reply)
      refuse(reply, c2cErrors.notFound)
    },
    clientErrorHandler: answerUnreadable,
  })
  app.setErrorHandler(answerFailure)
  app.setNotFoundHandler((_request, reply) => refuse(reply, c2cErrors.notFound))
  // An expectation that nobody knows is passed over: what was asked for is answered.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  takeEmptyJson(app)
  const isPart = (route: string) => route === partPath
  limitBodyTime(app, context.limits, isPart)
  addRateHeaders(app, context, isPart)
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id)
    // A connection that stayed open would hold up the stop.
    if (context.drain.isDraining()) reply.header('connection', 'close')
  })
  app.addHook('onResponse', async (request, reply) => {
    // The route, never the address: a signed URL is a credential.
    const { method, routeOptions } = request
    const durationMs = Math.round(reply.elapsedTime)
    context.metrics.answered({ method, route: routeOptions.url ?? 'unknown', status: reply.statusCode, durationMs })
    request.log.info({ method, route: routeOptions.url ?? null, status: reply.statusCode, durationMs }, 'answered')
  })

  healthRoute(app, context)
  discoveryRoute(app, context)
  authRoutes(app, context)
  meRoute(app, context)
  heartbeatRoute(app, context)
  purgeReceiptRoute(app, context)
  createAssetRoute(app, context)
  realtimePartsRoute(app, context)
  putPartRoute(app, context)
  custodyRoutes(app, context)
  listAssetsRoute(app, context)
  clipContentRoute(app, context)
  clipPosterRoute(app, context)
  return app
}
