/** Ends an exchange when its caller says so, or when nothing has moved for too long. */
export type Watchdog = {
  /** Aborts for either cause. */
  readonly signal: AbortSignal
  cause(): 'aborted' | 'stalled' | null
  /** Something moved; the next move is due within `limitMs`. */
  expectWithin(limitMs: number): void
  /** No move is due for now. */
  rest(): void
  /** To be called once the exchange is over, however it ended. */
  release(): void
}

export function createWatchdog(caller: AbortSignal): Watchdog {
  const controller = new AbortController()
  let cause: 'aborted' | 'stalled' | null = null
  let timer: NodeJS.Timeout | undefined
  let timerMs = 0
  const end = (why: 'aborted' | 'stalled') => {
    if (cause !== null) return
    cause = why
    controller.abort()
  }
  const rest = () => {
    clearTimeout(timer)
    timer = undefined
  }
  const onAbort = () => end('aborted')
  if (caller.aborted) onAbort()
  else caller.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    cause: () => cause,
    expectWithin: (limitMs) => {
      // Called for every chunk: starting the same timer again costs nothing, making a new one does.
      if (timer !== undefined && timerMs === limitMs) {
        timer.refresh()
        return
      }
      rest()
      timerMs = limitMs
      timer = setTimeout(() => end('stalled'), limitMs)
    },
    rest,
    release: () => {
      rest()
      caller.removeEventListener('abort', onAbort)
    },
  }
}
