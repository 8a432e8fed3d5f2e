import { hostname } from 'node:os'
import { countOpenUploads, sweepHistory } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { DatabaseCall } from '../database-call.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Chore } from '../store/open-store.ts'
import type { ObjectStore } from '../store/port.ts'
import type { FoundCondition } from './judge-store.ts'
import type { Room } from './room.ts'
import { createStoreWatch } from './watch-store.ts'

const sweepHistoryEveryMs = 3_600_000

export type Upkeep = {
  /** What is wrong with the store, as of the last look. */
  conditions(): readonly FoundCondition[]
  chores: Chore[]
}

/** What keeps ingest in order that no request asks for. */
export function createUpkeep(given: {
  config: Pick<Config, 'port' | 'storeQuotaBytes' | 'storeLowBytes'>
  watchEveryMs: number
  call: DatabaseCall
  log: Logger
  store: ObjectStore
  room: Room
  metrics: Metrics
}): Upkeep {
  const { config, call, log, store, room, metrics } = given
  const watch = createStoreWatch({
    check: () => store.check(),
    room,
    quotaBytes: config.storeQuotaBytes,
    lowBytes: config.storeLowBytes,
    call,
    log,
    reporter: `${hostname()}:${config.port}`,
    onLook({ roomBytes, conditions }) {
      if (roomBytes !== null) metrics.set('roomBytes', roomBytes)
      for (const code of ['storeLow', 'storeFull', 'storeUnusable'] as const)
        metrics.set(code, conditions.some((one) => one.code === code) ? 1 : 0)
    },
  })
  const look = async () => {
    await watch.look()
    metrics.set('openUploads', await call(countOpenUploads))
  }
  const forgetHistory = async () => {
    const { deletedCount } = await call(sweepHistory)
    if (deletedCount > 0) log.info({ deletedCount }, 'old history deleted')
  }
  return {
    conditions: watch.conditions,
    chores: [
      { name: 'watch the store', everyMs: given.watchEveryMs, work: look, atOnce: true },
      { name: 'delete old history', everyMs: sweepHistoryEveryMs, work: forgetHistory, atOnce: true },
    ],
  }
}
