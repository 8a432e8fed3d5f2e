import type { CreateOutcome, Destination, RateLimit } from '../destination/port.ts'
import { sleep } from '../sleep.ts'

/** However little a destination allows, it is asked once in so long. */
const slowestMs = 60_000

/** Keeps creates within what the destination says that it allows, so that it need not refuse them. */
export type CreatePace = {
  /** Resolves when another create may be made; it is taken for made. */
  next(signal: AbortSignal): Promise<void>
  /** Whether one may be made now, without waiting; it is taken for made then. */
  takeOne(): boolean
  /** There was none to make. */
  giveBack(): void
  /** Notices what the replies to creates say: how many more would be taken now, and how many in which time. */
  watch(destination: Destination): Destination
}

export function createPace(): CreatePace {
  let left = Number.POSITIVE_INFINITY
  let intervalMs = 0
  let queue = Promise.resolve()
  const hear = (limit: RateLimit | null) => {
    if (limit === null || limit.remaining === null) return
    left = limit.remaining
    intervalMs = Math.min(slowestMs, (limit.windowMs ?? 1_000) / Math.max(1, limit.limit ?? 1))
  }
  return {
    next(signal) {
      queue = queue.then(async () => {
        if (left >= 1) left--
        else await sleep(intervalMs, signal)
      })
      return queue
    },
    takeOne() {
      if (left < 1) return false
      left--
      return true
    },
    giveBack() {
      left++
    },
    watch: (destination) => ({
      ...destination,
      async createAsset(request, signal) {
        const outcome = await destination.createAsset(request, signal)
        hear(limitOf(outcome))
        return outcome
      },
    }),
  }
}

function limitOf(outcome: CreateOutcome): RateLimit | null {
  if (outcome.kind === 'created') return outcome.rateLimit
  return outcome.kind === 'failed' && outcome.failure.kind === 'reply' ? outcome.failure.rateLimit : null
}
