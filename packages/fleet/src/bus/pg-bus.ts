import type { Database } from '@rushes/db'
import type { Bus, BusProblem } from './bus.ts'
import { DebouncedWakes } from './debounced-wakes.ts'
import { listen } from './listen.ts'
import { wake } from './wake.ts'
import { decodeWake, wakeChannel } from './wake-payload.ts'

/** At most four messages a second go out, however much there is to tell: each commit that notifies locks the whole database. */
const publishEveryMs = 250
/** What arrives in a burst is heard as one. */
const hearEveryMs = 20

/** The bus over PostgreSQL's LISTEN and NOTIFY: nothing to run besides the database. For up to three gateways or so. */
export function createPgBus(options: {
  db: Database
  connectionString: string
  applicationName: string
  onProblem: (problem: BusProblem) => void
}): Bus {
  const listeners = new Set<(wake: Parameters<Bus['publish']>[0]) => void>()
  const listening = Promise.withResolvers<void>()
  const heard = new DebouncedWakes(hearEveryMs, (news) => {
    for (const listener of listeners) listener(news)
  })
  let sending: Promise<void> = Promise.resolve()
  const toSend = new DebouncedWakes(publishEveryMs, (news) => {
    sending = sending
      .then(() => wake(options.db, news))
      // The rows are written, and the others poll: what is lost is a second.
      .catch((error: unknown) => options.onProblem({ error, attempt: 1, retryInMs: 0 }))
  })
  const listener = listen({
    connectionString: options.connectionString,
    applicationName: options.applicationName,
    channel: wakeChannel,
    onPayload: (payload) => heard.add(decodeWake(payload)),
    onListening: (afterGap) => {
      if (afterGap) heard.add({ everything: true })
      listening.resolve()
    },
    onProblem: options.onProblem,
  })
  return {
    publish: (news) => toSend.add(news),
    subscribe: (hear) => {
      listeners.add(hear)
      return () => listeners.delete(hear)
    },
    ready: (signal) => {
      const aborted = Promise.withResolvers<never>()
      signal.addEventListener('abort', () => aborted.reject(signal.reason), { once: true })
      return Promise.race([listening.promise, aborted.promise])
    },
    stop: async () => {
      toSend.flush()
      await sending
      await listener.stop()
      listeners.clear()
      heard.flush()
    },
  }
}
