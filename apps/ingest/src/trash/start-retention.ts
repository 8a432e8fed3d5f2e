import { giveUpOverdue, trashAged } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import type { Limits } from '../limits.ts'
import { repeat } from '../repeat.ts'
import type { ObjectStore } from '../store/port.ts'
import { createRemoveGivenUp } from './remove-given-up.ts'

/** In one step so many clips go into the trash, and as many out of it. */
const stepSize = 200

/** Keeps the days that projects set, and removes what was given up. @returns the loops, which end with the signal */
export function startRetention(given: {
  call: DatabaseCall
  store: ObjectStore
  log: Logger
  clock: () => Date
  limits: Limits
  signal: AbortSignal
}): Promise<void>[] {
  const { call, log, limits, signal } = given
  const keepDays = async () => {
    const trashedCount = await call((clocked) => trashAged(clocked, { limit: stepSize }))
    const givenUpCount = await call((clocked) => giveUpOverdue(clocked, { limit: stepSize }))
    if (trashedCount + givenUpCount > 0) log.info({ trashedCount, givenUpCount }, 'retention of projects')
  }
  return [
    repeat({ name: 'retention', everyMs: limits.retentionEveryMs, work: keepDays, log, signal }),
    repeat({ name: 'removals', everyMs: limits.removalsEveryMs, work: createRemoveGivenUp(given), log, signal }),
  ]
}
