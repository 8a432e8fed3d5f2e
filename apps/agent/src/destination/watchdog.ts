/** Ends an exchange when its caller says so, or when nothing has moved for too long. */
export type Watchdog = {
  /** Aborts for either cause. */
  readonly signal: AbortSignal
  cause(): 'aborted' | 'stalled' | null
  /** Something moved; the next move is due within `limitMs`. */
  expectWithin(limitMs: number): void
  /** No move is due for now. */
  rest(): void
  /** There is no hope for it, although it may still move. */
  giveUp(): void
  /** To be called once the exchange is over, however it ended. */
  release(): void
}

/**
 * `unsent`: bytes still on their way out, where that can be told. When nobody has said for half of the limit that something moved, they are
 * counted, and again at its end: if they are fewer then, that was a move as well.
 */
export function createWatchdog(
  caller: AbortSignal,
  unsent: () => Promise<number | null> = () => Promise.resolve(null),
): Watchdog {
  const controller = new AbortController()
  let cause: 'aborted' | 'stalled' | null = null
  let timer: NodeJS.Timeout | undefined
  let timerMs = 0
  /** Another number with every move, so that a count that was begun before it decides nothing. */
  let move = 0
  const end = (why: 'aborted' | 'stalled') => {
    if (cause !== null) return
    cause = why
    controller.abort()
  }
  const rest = () => {
    move++
    clearTimeout(timer)
    timer = undefined
  }
  const watch = (limitMs: number) => {
    timerMs = limitMs
    timer = setTimeout(() => void lookTwice(limitMs), limitMs / 2)
  }
  const lookTwice = async (limitMs: number) => {
    timer = undefined
    const begun = move
    const before = await unsent()
    if (move !== begun || cause !== null) return
    timer = setTimeout(async () => {
      timer = undefined
      const after = await unsent()
      if (move !== begun || cause !== null) return
      if (before === null || after === null || after >= before) end('stalled')
      else watch(limitMs)
    }, limitMs / 2)
    timerMs = 0
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
        move++
        timer.refresh()
        return
      }
      rest()
      watch(limitMs)
    },
    rest,
    giveUp: () => end('stalled'),
    release: () => {
      rest()
      caller.removeEventListener('abort', onAbort)
    },
  }
}
