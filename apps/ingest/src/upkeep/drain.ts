import { setTimeout as wait } from 'node:timers/promises'

/** How this program stops: it says so to whoever asks for its health, takes no new parts, and lets those under way end. */
export type Drain = {
  isDraining(): boolean
  /** Counts a part that is being taken in, until it is done or has been cut off. */
  enter(): () => void
  /** Begins to stop; resolves when nothing is under way any more, false when that took too long. */
  begin(maxMs: number): Promise<boolean>
}

export function createDrain(): Drain {
  let underWay = 0
  let isDraining = false
  const idle = Promise.withResolvers<true>()
  const settle = () => {
    if (isDraining && underWay === 0) idle.resolve(true)
  }
  return {
    isDraining: () => isDraining,
    enter() {
      underWay += 1
      return () => {
        underWay -= 1
        settle()
      }
    },
    async begin(maxMs) {
      isDraining = true
      settle()
      const late = new AbortController()
      try {
        return await Promise.race([idle.promise, wait(maxMs, false as const, { signal: late.signal })])
      } finally {
        late.abort()
      }
    },
  }
}
