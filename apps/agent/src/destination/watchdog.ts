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
 * `unsent`: bytes still on their way out, where that can be told. They are counted every half of the limit in which nobody says that
 * something moved: fewer than the time before is a move as well. Two halves in a row without one are the end, so that moves up to the limit
 * apart never are, wherever between two counts they fall; the end comes half a limit late at most.
 */
export function createWatchdog(
  caller: AbortSignal,
  unsent: () => Promise<number | null> = () => Promise.resolve(null),
): Watchdog {
  const controller = new AbortController()
  let cause: 'aborted' | 'stalled' | null = null
  let timer: NodeJS.Timeout | undefined
  let timerMs = 0
  /** As counted last; null before the first count after a move that was told. */
  let unsentBytes: number | null = null
  let quietHalves = 0
  /** Another number with every move, so that a count that was begun before it decides nothing. */
  let move = 0
  const end = (why: 'aborted' | 'stalled') => {
    if (cause !== null) return
    cause = why
    controller.abort()
  }
  const moved = () => {
    move++
    unsentBytes = null
    quietHalves = 0
  }
  const rest = () => {
    moved()
    clearTimeout(timer)
    timer = undefined
  }
  const watch = (limitMs: number) => {
    timerMs = limitMs
    timer = setTimeout(() => void look(limitMs), limitMs / 2)
  }
  const look = async (limitMs: number) => {
    timer = undefined
    const begun = move
    const count = await unsent()
    if (move !== begun || cause !== null) return
    // Whether some left before the first count cannot be told.
    const mayHaveMoved = count !== null && (unsentBytes === null || count < unsentBytes)
    unsentBytes = count
    quietHalves = mayHaveMoved ? 0 : quietHalves + 1
    if (quietHalves === 2) end('stalled')
    else watch(limitMs)
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
        moved()
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
