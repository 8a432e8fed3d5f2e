import type { FastifyInstance } from 'fastify'

/**
 * Gives up requests whose body trickles in for ever. Part uploads are left out: they may take hours, and have a limit of
 * their own on how long nothing may come.
 */
export function limitBodyTime(app: FastifyInstance, bodyMs: number, isUnlimited: (route: string) => boolean): void {
  const timers = new WeakMap<object, NodeJS.Timeout>()
  app.addHook('onRequest', async (request) => {
    if (isUnlimited(request.routeOptions.url ?? '')) return
    if (request.raw.readableEnded) return
    const timer = setTimeout(() => {
      request.log.warn({ bodyMs }, 'gave up a request whose body did not come')
      request.raw.socket.destroy()
    }, bodyMs)
    timers.set(request, timer)
  })
  const settle = async (request: object) => clearTimeout(timers.get(request))
  app.addHook('preHandler', settle)
  app.addHook('onResponse', settle)
  app.addHook('onRequestAbort', settle)
}
