import type { Queue } from './open-queue.ts'

/** Longer than anything waits by design, and shorter than clocks are off by. */
const maxWaitMs = 86_400_000

/** What waits for an instant: table, column, and which of its rows. */
const waits = [
  ['uploads', 'not_before', "state = 'waiting'"],
  ['parts', 'not_before', "state = 'pending'"],
  ['growths', 'not_before', 'true'],
  ['uploads', 'custody_not_before', "custody = 'owed'"],
] as const

/**
 * Lets go on what waits for an instant that no wait of ours leads to: the clock ran ahead when it was set, and has been put right since.
 * Without this a clip would wait for the years that the clock was off.
 */
export function endImpossibleWaits(queue: Queue): void {
  const now = queue.now()
  queue.transact(() => {
    for (const [table, column, which] of waits)
      queue.sql(`UPDATE ${table} SET ${column} = ? WHERE ${which} AND ${column} > ?`).run(now, now + maxWaitMs)
  })
}

/** The clock was set back while clips wait: each waits as long as it would have. */
export function moveWaitsBack(queue: Queue, byMs: number): void {
  const now = queue.now()
  queue.transact(() => {
    for (const [table, column, which] of waits)
      queue.sql(`UPDATE ${table} SET ${column} = ${column} - ? WHERE ${which} AND ${column} > ?`).run(byMs, now)
  })
}
