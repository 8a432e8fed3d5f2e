/** Calls of a function, spaced. */
type Spaced = {
  call(): void
  /** What is still to come does not. */
  end(): void
}

/**
 * Calls `then` at once, but no sooner than `intervalMs` after the call before: all that are wanted in between are one, made when that time is
 * over. None is lost, whatever `then` throws.
 */
export function atMostEvery(intervalMs: number, then: () => void): Spaced {
  let resting: NodeJS.Timeout | undefined
  let isWanted = false
  const callNow = () => {
    isWanted = false
    resting = setTimeout(rested, intervalMs).unref()
    then()
  }
  const rested = () => {
    resting = undefined
    if (isWanted) callNow()
  }
  return {
    call() {
      if (resting === undefined) callNow()
      else isWanted = true
    },
    end() {
      clearTimeout(resting)
      isWanted = false
    },
  }
}
