import { findOldestCheck, type ScrubLane } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import type { Limits } from '../limits.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { repeat } from '../repeat.ts'
import type { ObjectStore } from '../store/port.ts'
import { createPacer, type Pace } from './pacer.ts'
import { createScrub } from './scrub.ts'

const dayMs = 24 * 60 * 60_000

/**
 * Begins to read stored clips again, in two lanes of one clip at a time: what people asked for as fast as it goes, so that they need
 * not wait for a clip of a terabyte; what the timetable has due at the rate that it is given. Tells besides how far it is behind.
 */
export function startScrubbing(given: {
  call: DatabaseCall
  store: Pick<ObjectStore, 'open' | 'check'>
  log: Logger
  signal: AbortSignal
  clock: () => Date
  limits: Limits
  timetable: { everyDays: number; bytesPerSecond: number }
  metrics: Pick<Metrics, 'readAgain' | 'scrubbed' | 'set'>
}): Promise<void>[] {
  const { call, log, signal, clock, limits, timetable, metrics } = given
  const scrub = createScrub({ ...given, leaseMs: limits.scrubLeaseMs })
  const lane = (name: string, everyMs: number, next: () => ScrubLane, pace: Pace) =>
    repeat({
      name,
      everyMs,
      log,
      signal,
      work: async () => {
        while (!signal.aborted && (await scrub(next(), pace)));
      },
    })
  const asked = lane(
    'read what was asked for',
    limits.sweepEveryMs,
    () => ({ kind: 'asked' }),
    async () => undefined,
  )
  const tellOldest = async () => {
    const oldest = await call(findOldestCheck)
    metrics.set('oldestCheckAgeSeconds', oldest === null ? 0 : (clock().getTime() - oldest.getTime()) / 1_000)
  }
  const oldest = repeat({
    name: 'age of the oldest check',
    everyMs: limits.scrubPollMs,
    atOnce: true,
    work: tellOldest,
    log,
    signal,
  })
  if (timetable.everyDays === 0) return [asked, oldest]
  const before = (ms: number) => new Date(clock().getTime() - ms)
  const due = (): ScrubLane => ({
    kind: 'timetable',
    dueBefore: before(timetable.everyDays * dayMs),
    // Read at once it would come out of the machine's memory, and take time from what is coming in.
    storedBefore: before(limits.scrubSettleMs),
  })
  const pace = createPacer({ bytesPerSecond: timetable.bytesPerSecond, signal })
  return [asked, oldest, lane('scrub', limits.scrubPollMs, due, pace)]
}
