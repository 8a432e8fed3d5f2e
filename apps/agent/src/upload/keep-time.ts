import type { RetryLimits } from '@rushes/upload-core'
import { readClocks } from '../queue/capture-clock.ts'
import { endImpossibleWaits, moveWaitsBack } from '../queue/impossible-waits.ts'
import type { Queue } from '../queue/open-queue.ts'
import { boundOutbox } from '../queue/outbox.ts'
import { endWaits, nextDueAt, sweepLeases } from '../queue/waits.ts'
import { sleep } from '../sleep.ts'
import type { Doorbell } from './doorbell.ts'

const sweepEveryMs = 15_000
const lookAtMostEveryMs = 100
/** By less the clock may be off without anybody waiting for long. */
const setBackByMs = 1_000

/** Ends waits when their time has come (also where the clock is set meanwhile), takes back claims that ran out, keeps the outbox within its bound. */
export async function keepTime(
  queue: Queue,
  bell: Doorbell,
  random: () => number,
  limits: RetryLimits,
  signal: AbortSignal,
): Promise<void> {
  const bootedAt = () => {
    const { wallMs, uptimeMs } = readClocks(queue)
    return wallMs - uptimeMs
  }
  let sweptAt = performance.now()
  let knownBootedAt = bootedAt()
  endImpossibleWaits(queue)
  while (!signal.aborted) {
    const setBackMs = knownBootedAt - bootedAt()
    if (setBackMs > setBackByMs) moveWaitsBack(queue, setBackMs)
    if (Math.abs(setBackMs) > setBackByMs) knownBootedAt = bootedAt()
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
    // A busy queue rings often, and hardly anything waits for less than a second.
    await sleep(lookAtMostEveryMs, signal)
  }
}
