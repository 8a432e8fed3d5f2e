import pg from 'pg'
import type { BusProblem } from './bus.ts'

export type ListenOptions = {
  connectionString: string
  applicationName: string
  channel: string
  onPayload: (payload: string) => void
  /** What is told is heard from now on; `afterGap`: it was not for a while, so something may have been missed. */
  onListening: (afterGap: boolean) => void
  onProblem: (problem: BusProblem) => void
}

const firstRetryMs = 200
const maxRetryMs = 15_000
const connectTimeoutMs = 10_000
/** A connection that a firewall forgot says nothing; so it is asked. */
const aliveCheckMs = 15_000

/**
 * Hears what is notified on a channel, on a connection of its own, which a pool would not keep. A connection that breaks is replaced,
 * with backoff and full jitter, for ever.
 */
export function listen(options: ListenOptions): { stop: () => Promise<void> } {
  const stopping = new AbortController()
  const running = keepListening(options, stopping.signal)
  return {
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

async function keepListening(options: ListenOptions, signal: AbortSignal): Promise<void> {
  let attempt = 0
  let isFirst = true
  while (!signal.aborted) {
    try {
      await listenOnce(options, signal, () => {
        attempt = 0
        options.onListening(!isFirst)
        isFirst = false
      })
      return
    } catch (error) {
      attempt += 1
      const ceilingMs = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(attempt, 10))
      const retryInMs = Math.round(Math.random() * ceilingMs)
      options.onProblem({ error, attempt, retryInMs })
      await pause(retryInMs, signal)
    }
  }
}

/** Resolves when `signal` aborts, rejects when the connection breaks. */
async function listenOnce(options: ListenOptions, signal: AbortSignal, onListening: () => void): Promise<void> {
  const client = new pg.Client({
    connectionString: options.connectionString,
    application_name: options.applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: connectTimeoutMs,
    keepAlive: true,
  })
  const broken = Promise.withResolvers<never>()
  broken.promise.catch(() => undefined) // also when nobody awaits it yet
  client.on('error', broken.reject)
  client.on('end', () => broken.reject(new Error('the connection that listens ended')))
  client.on('notification', ({ channel, payload }) => {
    if (channel === options.channel) options.onPayload(payload ?? '')
  })
  try {
    await Promise.race([client.connect(), broken.promise])
    await client.query(`listen ${options.channel}`)
    onListening()
    while (!signal.aborted) {
      await Promise.race([pause(aliveCheckMs, signal), broken.promise])
      if (!signal.aborted) await client.query('select 1')
    }
  } finally {
    // It may be broken already; there is nothing left to lose on it.
    await client.end().catch(() => undefined)
  }
}

/** Waits, and no longer than until `signal` aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
