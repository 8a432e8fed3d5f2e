/**
 * Wakes loops that have nothing to do. A ring between a look at the queue and the wait is not lost: the waiter names the number of rings
 * that it has seen.
 */
export type Doorbell = {
  readonly rings: number
  /** How many wait. */
  readonly waiting: number
  ring(): void
  /** Wakes one of those that wait; for work that one can do, and who finds more wakes the next. */
  wakeOne(): void
  /** Resolves when it has rung more than `seen` times, after `timeoutMs`, or when the signal aborts. */
  wait(seen: number, timeoutMs: number, signal: AbortSignal): Promise<void>
}

export function createDoorbell(): Doorbell {
  let rings = 0
  const waiters = new Set<() => void>()
  return {
    get rings() {
      return rings
    },
    get waiting() {
      return waiters.size
    },
    ring() {
      rings++
      for (const wake of [...waiters]) wake()
    },
    wakeOne() {
      rings++
      for (const wake of waiters) return wake()
    },
    wait(seen, timeoutMs, signal) {
      if (rings !== seen || signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', wake)
          waiters.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, timeoutMs)
        signal.addEventListener('abort', wake, { once: true })
        waiters.add(wake)
      })
    },
  }
}
