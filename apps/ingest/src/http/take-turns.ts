/** Runs work of one key after the other; work of different keys side by side. */
export type TakeTurns = <T>(key: string, work: () => Promise<T>) => Promise<T>

/**
 * Makes calls that would wait for the same row in the database wait here instead, where they hold no connection: one busy
 * device must not use up what the others need.
 */
export function createTakeTurns(): TakeTurns {
  const last = new Map<string, Promise<unknown>>()
  return async (key, work) => {
    const before = last.get(key)
    const turn = (async () => {
      await before?.catch(() => undefined) // its own caller hears of it
      return work()
    })()
    last.set(key, turn)
    try {
      return await turn
    } finally {
      if (last.get(key) === turn) last.delete(key)
    }
  }
}
