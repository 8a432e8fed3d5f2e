import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'

/** Does some work again and again, first after one interval or at once, until the signal. Work that fails is logged and done the next time. */
export async function repeat(given: {
  name: string
  everyMs: number
  atOnce?: boolean
  work: () => Promise<void>
  log: Logger
  signal: AbortSignal
}): Promise<void> {
  const { signal } = given
  for (let isFirst = true; ; isFirst = false) {
    const jitter = 0.8 + Math.random() * 0.4 // several instances on one database take turns
    const delayMs = isFirst && given.atOnce === true ? 0 : given.everyMs * jitter
    await wait(delayMs, undefined, { signal }).catch(() => undefined) // aborted: see below
    if (signal.aborted) return
    try {
      await given.work()
    } catch (error) {
      given.log.error({ err: error, work: given.name }, 'recurring work failed; it is repeated')
    }
  }
}
