import type { Queue } from './open-queue.ts'

/** Longer than anything waits by design, and shorter than clocks are off by. */
const maxWaitMs = 86_400_000

/**
 * Lets go on what waits for an instant that no wait of ours leads to: the clock ran ahead when it was set, and has been put right since.
 * Without this a clip would wait for the years that the clock was off.
 */
export function endImpossibleWaits(queue: Queue): void {
  const now = queue.now()
  queue.transact(() => {
    for (const statement of [
      "UPDATE uploads SET not_before = ? WHERE state = 'waiting' AND not_before > ?",
      "UPDATE parts SET not_before = ? WHERE state = 'pending' AND not_before > ?",
      'UPDATE growths SET not_before = ? WHERE not_before > ?',
      "UPDATE uploads SET custody_not_before = ? WHERE custody = 'owed' AND custody_not_before > ?",
    ])
      queue.sql(statement).run(now, now + maxWaitMs)
  })
}
