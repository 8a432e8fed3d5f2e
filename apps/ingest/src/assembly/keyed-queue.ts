import type { Logger } from 'pino'

/** Work by key: each key at most once at a time, a few at once, a bounded number waiting. */
export type KeyedQueue = {
  /** False when too many wait; whoever looks through the rows comes upon it again. */
  add(key: string): boolean
  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void>
  /** Forgets what waits and resolves when what runs is done. */
  stop(): Promise<void>
}

const firstBackoffMs = 1_000
const maxBackoffMs = 5 * 60_000

/**
 * Work that fails is not tried again from here: the rows still ask for it, and the sweep adds it again. Until its back-off has
 * passed it is then left alone.
 */
export function createKeyedQueue(given: {
  name: string
  concurrency: number
  maxWaiting: number
  work: (key: string) => Promise<void>
  log: Logger
}): KeyedQueue {
  const waiting = new Set<string>()
  const running = new Map<string, Promise<void>>()
  /** Asked for again while it ran: what it had read may be outdated. */
  const again = new Set<string>()
  const failures = new Map<string, { count: number; notBeforeMs: number }>()
  let stopped = false

  const run = async (key: string): Promise<void> => {
    try {
      await given.work(key)
      failures.delete(key)
    } catch (error) {
      if (stopped) return // interrupted by the stop: the rows still ask for it
      const count = (failures.get(key)?.count ?? 0) + 1
      const backoffMs = Math.min(maxBackoffMs, firstBackoffMs * 2 ** (count - 1)) * (0.5 + Math.random() / 2)
      if (failures.size >= given.maxWaiting) failures.clear()
      failures.set(key, { count, notBeforeMs: performance.now() + backoffMs })
      given.log.error({ err: error, queue: given.name, key, attempt: count, backoffMs }, 'background work failed')
    }
  }
  const next = () => {
    while (!stopped && running.size < given.concurrency) {
      const first = waiting.values().next()
      if (first.done === true) return
      const key = first.value
      waiting.delete(key)
      const work = run(key).finally(() => {
        running.delete(key)
        if (again.delete(key) && !stopped) waiting.add(key)
        next()
      })
      running.set(key, work)
    }
  }
  const idle = async () => {
    while (running.size > 0) await Promise.all(running.values())
  }
  return {
    add(key) {
      if (stopped || performance.now() < (failures.get(key)?.notBeforeMs ?? 0)) return false
      if (running.has(key)) {
        again.add(key)
        return true
      }
      if (!waiting.has(key) && waiting.size >= given.maxWaiting) return false
      waiting.add(key)
      next()
      return true
    },
    idle,
    stop() {
      stopped = true
      waiting.clear()
      return idle()
    },
  }
}
