import { type ClaimedRemoval, claimRemovals, deferRemoval, finishRemoval } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import type { ObjectStore } from '../store/port.ts'

/** So many clips at a time are taken from the rows, and left to whoever took them for so long. */
const batchSize = 20
const leaseMs = 10 * 60_000

const firstRetryMs = 30_000
const maxRetryMs = 6 * 60 * 60_000

/** When a removal that failed is tried again, in milliseconds; `chance` from 0 to 1 spreads those that failed together. */
export function removalRetryMs(attempt: number, chance: number): number {
  return Math.min(maxRetryMs, firstRetryMs * 2 ** (attempt - 1)) * (0.5 + chance / 2)
}

/**
 * Removes the bytes of clips that were given up, and their posters, until none is due. What a crash cut short is done again:
 * removing what is not there any more is no error.
 */
export function createRemoveGivenUp(given: {
  call: DatabaseCall
  store: ObjectStore
  log: Logger
  clock: () => Date
  signal: AbortSignal
}): () => Promise<void> {
  const { call, store, log, clock } = given
  const after = (delayMs: number) => new Date(clock().getTime() + delayMs)

  const removeOne = async ({ assetId, storeKey, attempt }: ClaimedRemoval): Promise<void> => {
    try {
      await store.remove(store.derivedKey(assetId, 'poster'))
      await store.remove(storeKey)
    } catch (error) {
      log.error({ err: error, assetId, attempt }, 'a clip of the trash could not be removed; it is tried again')
      const message = error instanceof Error ? error.message : String(error)
      const retryAt = after(removalRetryMs(attempt, Math.random()))
      await call((clocked) => deferRemoval(clocked, { assetId, retryAt, error: withoutPaths(message) }))
      return
    }
    await call((clocked) => finishRemoval(clocked, { assetId }))
    log.info({ assetId, storeKey }, 'clip removed for good')
  }

  return async () => {
    while (!given.signal.aborted) {
      const claimed = await call((clocked) => claimRemovals(clocked, { limit: batchSize, leaseUntil: after(leaseMs) }))
      for (const removal of claimed) {
        if (given.signal.aborted) return // what is left of the batch is handed out again after the lease
        await removeOne(removal)
      }
      if (claimed.length < batchSize) return
    }
  }
}

/** `EROFS: read-only file system, unlink '/srv/…'` goes to people: what is the matter, not where the server keeps things. */
const withoutPaths = (message: string) => message.replaceAll(/\s*'[^']*'/g, '').replace(/, \w+$/, '')
