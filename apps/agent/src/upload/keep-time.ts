import type { RetryLimits } from '@rushes/upload-core'
import { endImpossibleWaits } from '../queue/impossible-waits.ts'
import type { Queue } from '../queue/open-queue.ts'
import { boundOutbox } from '../queue/outbox.ts'
import { endWaits, nextDueAt, sweepLeases } from '../queue/waits.ts'
import { sleep } from '../sleep.ts'
import type { Doorbell } from './doorbell.ts'

const sweepEveryMs = 15_000

/** Ends waits when their time has come, takes back claims that ran out, keeps the outbox within its bound. */
export async function keepTime(
  queue: Queue,
  bell: Doorbell,
  random: () => number,
  limits: RetryLimits,
  signal: AbortSignal,
): Promise<void> {
  let sweptAt = performance.now()
  endImpossibleWaits(queue)
  while (!signal.aborted) {
    endWaits(queue)
    if (performance.now() - sweptAt >= sweepEveryMs) {
      sweptAt = performance.now()
      sweepLeases(queue, sweptAt, random, limits)
      boundOutbox(queue)
      endImpossibleWaits(queue)
    }
    const dueAt = nextDueAt(queue)
    const isDue = dueAt !== null && dueAt <= queue.now()
    // What is due wakes the workers of every kind, who do not watch the clock themselves; those that are busy take it when they are done.
    if (isDue) queue.tell({ kind: 'work' })
    const waitMs = isDue ? 1_000 : dueAt === null ? sweepEveryMs : Math.min(sweepEveryMs, dueAt - queue.now())
    await bell.wait(bell.rings, waitMs, signal)
    // A busy queue rings often; the time of day need not be looked at more often than this.
    await sleep(20, signal)
  }
}
