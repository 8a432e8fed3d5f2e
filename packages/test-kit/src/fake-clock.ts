/** A clock that stands still until it is advanced. Instants are milliseconds since 1970. */
export type FakeClock = {
  now(): number
  date(): Date
  /** Resolves when the clock has been advanced by `durationMs`; rejects with the signal's reason when that aborts first. */
  sleep(durationMs: number, options?: { signal?: AbortSignal | undefined }): Promise<void>
  /** Calls back once when the clock has been advanced by `durationMs`; returns the cancellation. */
  schedule(callback: () => void, durationMs: number): () => void
  /** Moves time on, firing what falls due in order, each at its own instant and with the promises it settles run first. */
  advance(durationMs: number): Promise<void>
  /** Advances to the next thing that is due, whenever that is; false when nothing is. */
  advanceToNext(): Promise<boolean>
  /** How many sleeps and callbacks are outstanding. */
  readonly pendingCount: number
  /** Resolves once at least `count` sleeps and callbacks are outstanding: the code under test has come to its wait. */
  untilPending(count: number): Promise<void>
}

type Entry = { readonly dueAt: number; readonly order: number; readonly fire: () => void }

export function fakeClock(startAt: number | Date | string = '2026-11-22T12:00:00Z'): FakeClock {
  let nowMs = new Date(startAt).getTime()
  let order = 0
  let entries: Entry[] = []
  let watchers: { count: number; resolve: () => void }[] = []

  const schedule = (callback: () => void, durationMs: number) => {
    order += 1
    const entry: Entry = { dueAt: nowMs + Math.max(0, durationMs), order, fire: callback }
    entries.push(entry)
    const met = watchers.filter((watcher) => watcher.count <= entries.length)
    watchers = watchers.filter((watcher) => watcher.count > entries.length)
    for (const watcher of met) watcher.resolve()
    return () => {
      entries = entries.filter((other) => other !== entry)
    }
  }

  const nextDue = () =>
    entries.reduce<Entry | undefined>((first, entry) => {
      if (first === undefined) return entry
      return entry.dueAt < first.dueAt || (entry.dueAt === first.dueAt && entry.order < first.order) ? entry : first
    }, undefined)

  const advanceTo = async (targetMs: number) => {
    for (;;) {
      await settlePromises()
      const entry = nextDue()
      if (entry === undefined || entry.dueAt > targetMs) break
      nowMs = Math.max(nowMs, entry.dueAt)
      entries = entries.filter((other) => other !== entry)
      entry.fire()
    }
    nowMs = Math.max(nowMs, targetMs)
  }

  return {
    now: () => nowMs,
    date: () => new Date(nowMs),
    schedule,
    sleep: (durationMs, options = {}) =>
      new Promise((resolve, reject) => {
        const { signal } = options
        if (signal?.aborted) return reject(signal.reason)
        const onAbort = () => {
          cancel()
          reject(signal?.reason)
        }
        const cancel = schedule(() => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        }, durationMs)
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
    advance: (durationMs) => advanceTo(nowMs + durationMs),
    advanceToNext: async () => {
      await settlePromises()
      const entry = nextDue()
      if (entry === undefined) return false
      await advanceTo(entry.dueAt)
      return true
    },
    get pendingCount() {
      return entries.length
    },
    untilPending: (count) =>
      new Promise((resolve) => {
        if (entries.length >= count) resolve()
        else watchers.push({ count, resolve })
      }),
  }
}

/** A turn of the event loop runs every promise callback that is ready, and those that become ready by them. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
