import type { FastifyInstance, FastifyRequest } from 'fastify'

export type BodyLimits = {
  /** In each such stretch of time a body has to come to its end or at least go on as on the slowest of links. */
  bodyMs: number
  /** What is left of a body that was answered already is thrown away for so long, so that the sender comes to read. */
  lingerMs: number
}

/** A link slower than this is no link; 2 MB of digests may take two minutes. */
const minBytesPerSecond = 16 * 1024

/**
 * Gives up requests whose body trickles in for ever. Part uploads are left out of the first limit: they may take hours, and have
 * one of their own on how long hardly anything may come.
 */
export function limitBodyTime(app: FastifyInstance, limits: BodyLimits, isUnlimited: (route: string) => boolean): void {
  const { bodyMs, lingerMs } = limits
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>()
  // Only now, once it is known who calls, is the body read at all.
  app.addHook('preParsing', async (request) => {
    if (isUnlimited(request.routeOptions.url ?? '')) return
    const { socket } = request.raw
    let beforeBytes = socket.bytesRead
    const look = () => {
      const cameBytes = socket.bytesRead - beforeBytes
      beforeBytes = socket.bytesRead
      if (!timers.has(request) || cameBytes >= (minBytesPerSecond * bodyMs) / 1_000) return
      request.log.warn('gave up a request whose body did not come')
      socket.destroy()
    }
    // After what has come meanwhile: a program that was busy for long must not blame the sender.
    timers.set(
      request,
      setInterval(() => setImmediate(look), bodyMs),
    )
  })
  const settle = async (request: FastifyRequest) => {
    clearInterval(timers.get(request))
    timers.delete(request)
  }
  app.addHook('preHandler', settle)
  app.addHook('onRequestAbort', settle)
  app.addHook('onResponse', async (request) => {
    await settle(request)
    if (request.raw.complete) return
    request.raw.resume()
    // It holds up no stop, not even where the connection was gone before.
    const timer = setTimeout(() => request.raw.socket.destroy(), lingerMs).unref()
    request.raw.once('close', () => clearTimeout(timer))
  })
}
