import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import type { Limits } from '../limits.ts'
import { repeat } from '../repeat.ts'
import type { ObjectStore } from '../store/port.ts'
import { examineLimits } from './examine.ts'
import { createLookInto } from './look-into.ts'
import type { Cage } from './run-limited.ts'

/** Looks into clips that have arrived, one after the other; never where the programs for it are not installed. */
export function startMedia(given: {
  call: DatabaseCall
  store: ObjectStore
  cage: Cage | null
  log: Logger
  clock: () => Date
  limits: Limits
  signal: AbortSignal
}): Promise<void>[] {
  const { cage, log, signal } = given
  if (cage === null) return []
  const lookIntoNext = createLookInto({ ...given, cage, limits: examineLimits })
  const work = async () => {
    while (!signal.aborted && (await lookIntoNext()));
  }
  return [repeat({ name: 'media', everyMs: given.limits.mediaEveryMs, work, log, signal })]
}
