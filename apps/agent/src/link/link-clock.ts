/** Time as the link sees it. */
export type LinkClock = {
  /** Milliseconds that only grow; their origin means nothing. */
  now(): number
  /** The device's own wall clock, right or wrong. */
  date(): Date
  /** Calls back once; returns the cancellation. */
  schedule(callback: () => void, durationMs: number): () => void
}

export const realClock: LinkClock = {
  now: () => performance.now(),
  date: () => new Date(),
  schedule: (callback, durationMs) => {
    const timer = setTimeout(callback, durationMs)
    return () => clearTimeout(timer)
  },
}
