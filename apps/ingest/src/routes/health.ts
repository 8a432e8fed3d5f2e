import type { FastifyInstance } from 'fastify'
import type { IngestContext } from '../context.ts'

type Component = 'ok' | 'down'

/** An answer counts for so long: whoever asks often does not load the database. */
const freshMs = 1_000
const deadlineMs = 2_000

/** `GET /health`, asked by devices to tell a network from a destination that is down, and by whatever watches this program. */
export function healthRoute(app: FastifyInstance, context: IngestContext): void {
  let last: { atMs: number; components: Promise<{ database: Component; store: Component }> } | undefined
  const look = async () => {
    const [database, store] = await Promise.all([within(context.pingDatabase()), within(context.store.check())])
    return { database, store }
  }
  app.get('/health', async (_request, reply) => {
    const nowMs = performance.now()
    if (last === undefined || nowMs - last.atMs > freshMs) last = { atMs: nowMs, components: look() }
    const components = await last.components
    const ok = components.database === 'ok' && components.store === 'ok'
    const draining = context.drain.isDraining()
    const conditions = context.conditions().map(({ code }) => code)
    const status = draining ? 'draining' : ok ? 'ok' : 'unavailable'
    return reply.code(status === 'ok' ? 200 : 503).send({ status, ok: status === 'ok', components, conditions })
  })
}

async function within(check: Promise<void>): Promise<Component> {
  const { promise: late, resolve } = Promise.withResolvers<Component>()
  const timer = setTimeout(() => resolve('down'), deadlineMs)
  try {
    // Why it is down is in the log of whatever could not do its work.
    return await Promise.race([check.then((): Component => 'ok').catch((): Component => 'down'), late])
  } finally {
    clearTimeout(timer)
  }
}
