import type { Destination } from '../destination/port.ts'
import { takenBytes } from '../destination/unsent-bytes.ts'
import type { Queue } from '../queue/open-queue.ts'
import { countSending } from '../queue/part-claims.ts'
import { sleep } from '../sleep.ts'
import {
  type Concurrency,
  type ConcurrencyBounds,
  gainsOfLine,
  measured,
  overloaded,
  startConcurrency,
} from './concurrency.ts'
import type { Doorbell } from './doorbell.ts'
import type { InFlight } from './in-flight.ts'

/** Parts on their way at once, of either class; a connection each. */
export const maxSending = { small: 32, large: 32 } as const
/**
 * Noise brings less than a quarter. Of small files there are never more than a line of a few milliseconds needs, and each waits for its flush
 * longer than for the line, so that twice as many are worth it for far less.
 */
const bounds = {
  small: { min: 1, max: maxSending.small, gains: { ...gainsOfLine, doubling: 1.05 }, perFall: 2 },
  large: { min: 1, max: maxSending.large, gains: gainsOfLine, perFall: 2 },
}
/**
 * Files that come and go so quickly find a line that is hardly used: what their rate swings by is the disk's doing, or the agent's own, and more than
 * a few more or fewer bring or cost. Of twice as many not even that is known, while the agent is only getting into its stride; and one hiccup
 * of the machine must not end the doubling.
 */
const quickMs = 100
const boundsOfQuick = {
  ...bounds.small,
  gains: { doubling: 0.75, more: 0.97, fewer: 1.03, shortfall: 0.75 },
  perFall: 6,
}

export const boundsOfFiles = (atOnce: number, filesPerSecond: number): ConcurrencyBounds =>
  atOnce / filesPerSecond < quickMs / 1_000 ? boundsOfQuick : bounds.small

const measureEveryMs = 500
const beginMs = 20
const longestBeginMs = 500
/**
 * So many files that are done tell enough of the time in which they were, if that was not too short to tell anything. While doubling, what is
 * looked for is much more than noise, and twice as many as go at once will do.
 */
const enoughFiles = ({ phase, limit }: Concurrency): number => (phase === 'doubling' ? Math.max(16, 2 * limit) : 64)
const leastMs = ({ phase }: Concurrency): number => (phase === 'doubling' ? 20 : 80)
/** With less memory left than this on the machine, what is sent at once is halved. */
const scarceMemoryBytes = 64 * 1024 * 1024
/** Bytes that a gigabyte line carries in the time between two measurements would still fit; a halving needs time to show. */
const overloadAtMostEveryMs = 2_000

export type AdaptOptions = {
  queue: Queue
  inFlight: InFlight
  /** At which senders wait, and nobody else, or a ring would be lost on who cannot answer it: rung when there may be room for another part. */
  partBell: Doorbell
  /** Rung when there may be room for another sender. */
  senderBell: Doorbell
  /** Rings when something may begin to move. */
  bell: Doorbell
  startAt: number
  signal: AbortSignal
}

/** Finds how many parts go at once: of large files by the bytes that the other side takes, of small ones by how many are done. */
export function adaptConcurrency({ queue, inFlight, partBell, senderBell, bell, startAt, signal }: AdaptOptions) {
  let small = startConcurrency(startAt, bounds.small)
  let large = startConcurrency(startAt, bounds.large)
  let lastOverloadMs = Number.NEGATIVE_INFINITY
  const set = (next: { small: Concurrency; large: Concurrency }) => {
    const hasMoreRoom = next.small.limit > small.limit || next.large.limit > large.limit
    small = next.small
    large = next.large
    queue.partLimits = { small: small.limit, large: large.limit, all: maxSending.small + maxSending.large }
    if (!hasMoreRoom) return
    senderBell.ring()
    partBell.wakeOne()
  }
  const halve = () => {
    if (performance.now() - lastOverloadMs < overloadAtMostEveryMs) return
    lastOverloadMs = performance.now()
    set({ small: overloaded(small, bounds.small), large: overloaded(large, bounds.large) })
  }
  set({ small, large })
  return {
    /** Notices when the destination asks for less. */
    watch: (destination: Destination): Destination => ({
      ...destination,
      async putPart(request) {
        const outcome = await destination.putPart(request)
        if (outcome.kind === 'failed' && outcome.failure.kind === 'reply' && outcome.failure.status === 503) halve()
        return outcome
      },
    }),
    /** Each measures for as long as something moves; they end with the signal. */
    loops: [measureFiles, measureBytes],
  }

  // A measurement that begins while nothing moves yet says how long that took, and nothing of the limit.
  async function whileSending(measure: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      if (inFlight.count() === 0) {
        await bell.wait(bell.rings, 60_000, signal)
        await untilSending()
      }
      if (inFlight.count() > 0) await measure()
    }
  }

  /** What rang is claimed and begun in a moment, if it is a part at all. */
  async function untilSending(): Promise<void> {
    for (let waitedMs = 0; inFlight.count() === 0 && waitedMs < longestBeginMs && !signal.aborted; waitedMs += beginMs)
      await sleep(beginMs, signal)
  }

  function measureFiles() {
    return whileSending(async () => {
      const { ended } = inFlight.totals()
      const sinceMs = performance.now()
      let done = 0
      let elapsedMs = 0
      const enough = enoughFiles(small)
      while (done < enough && elapsedMs < measureEveryMs && !signal.aborted) {
        await sleep(leastMs(small), signal)
        done = inFlight.totals().ended - ended
        elapsedMs = performance.now() - sinceMs
      }
      const unitsPerSecond = done / (elapsedMs / 1_000)
      const saturated = isFull('small', small)
      // One that came in a hiccup says less of how quickly files come and go than what is known.
      const now = boundsOfFiles(small.limit, Math.max(unitsPerSecond, small.reference ?? 0))
      set({ small: measured(small, { unitsPerSecond, saturated }, now), large })
    })
  }

  function measureBytes() {
    return whileSending(async () => {
      const before = { ...inFlight.totals(), taken: await takenBytes(), atMs: performance.now() }
      await sleep(measureEveryMs, signal)
      if (process.availableMemory() < scarceMemoryBytes) halve()
      const taken = await takenBytes()
      const { bytes } = inFlight.totals()
      const passed = taken === null || before.taken === null ? bytes - before.bytes : taken - before.taken
      const seconds = (performance.now() - before.atMs) / 1_000
      const saturated = isFull('large', large)
      set({ small, large: measured(large, { unitsPerSecond: passed / seconds, saturated }, bounds.large) })
    })
  }

  /** More than the limit are on their way for a while after it went down: what that brings, it does not. */
  function isFull(kind: 'small' | 'large', { limit }: Concurrency): boolean {
    return countSending(queue)[kind] === limit
  }
}
