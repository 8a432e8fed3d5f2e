import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'

/** Does some work again and again, first after one interval, until the signal. Work that fails is logged and done the next time. */
export async function repeat(given: {
  name: string
  everyMs: number
  work: () => Promise<void>
  log: Logger
  signal: AbortSignal
}): Promise<void> {
  const { signal } = given
  for (;;) {
    const jitter = 0.8 + Math.random() * 0.4 // several instances on one database take turns
    await wait(given.everyMs * jitter, undefined, { signal }).catch(() => undefined) // aborted: see below
    if (signal.aborted) return
    try {
      await given.work()
    } catch (error) {
      given.log.error({ err: error, work: given.name }, 'recurring work failed; it is repeated')
    }
  }
}
