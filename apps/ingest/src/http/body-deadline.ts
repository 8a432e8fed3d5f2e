import type { FastifyInstance, FastifyRequest } from 'fastify'

export type BodyLimits = {
  /** The body of a request has to be in by then, and the part of it that is beyond what a slow link brings. */
  bodyMs: number
  /** What is left of a body that was answered already is thrown away for so long, so that the sender comes to read. */
  lingerMs: number
}

/** A link slower than this is no link; 2 MB of digests may take two minutes. */
const minBytesPerSecond = 16 * 1024

/**
 * Gives up requests whose body trickles in for ever. Part uploads are left out of the first limit: they may take hours, and have
 * one of their own on how long nothing may come.
 */
export function limitBodyTime(app: FastifyInstance, limits: BodyLimits, isUnlimited: (route: string) => boolean): void {
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>()
  app.addHook('onRequest', async (request) => {
    if (isUnlimited(request.routeOptions.url ?? '')) return
    if (request.raw.readableEnded) return
    const announcedBytes = Math.min(Number(request.headers['content-length'] ?? 0), request.routeOptions.bodyLimit)
    const timer = setTimeout(
      () => {
        request.log.warn('gave up a request whose body did not come')
        request.raw.socket.destroy()
      },
      limits.bodyMs + (announcedBytes / minBytesPerSecond) * 1_000,
    )
    timers.set(request, timer)
  })
  const settle = async (request: FastifyRequest) => clearTimeout(timers.get(request))
  app.addHook('preHandler', settle)
  app.addHook('onRequestAbort', settle)
  app.addHook('onResponse', async (request) => {
    await settle(request)
    if (request.raw.complete) return
    request.raw.resume()
    const timer = setTimeout(() => request.raw.socket.destroy(), limits.lingerMs)
    request.raw.once('close', () => clearTimeout(timer))
  })
}
