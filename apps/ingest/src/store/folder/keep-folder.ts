import type { Logger } from 'pino'
import type { DatabaseCall } from '../../database-call.ts'
import { findLostBytes } from './find-lost.ts'
import type { FolderStore } from './folder-store.ts'
import { tidyFolder } from './tidy.ts'

/** Files are taken away, and uploads end, at any time; both are found within so long. */
const lookThroughEveryMs = 10 * 60_000

/**
 * Becomes the keeper of the folder when nobody is, and does what is the keeper's: finds bytes that are gone and removes what no
 * upload needs any more, as soon as it has become the keeper and from time to time after that. Call it every few seconds.
 */
export function createFolderKeeping(given: {
  store: FolderStore
  call: DatabaseCall
  log: Logger
  onKeeper: () => void
}): () => Promise<void> {
  const { store, call, log } = given
  const { gathering } = store
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let isNew = store.keeper.isHeld()
  return async () => {
    isNew ||= store.keeper.tryTake()
    if (!store.keeper.isHeld()) return
    if (isNew) {
      log.info('this program keeps the folder of the store')
      given.onKeeper()
      isNew = false
    }
    if (performance.now() - lookedAtMs < lookThroughEveryMs) return
    // An empty folder where the volume should be has lost nothing.
    if (!(await store.isThere())) return
    await findLostBytes({ call, store, log })
    await tidyFolder({ call, gathering, log })
    lookedAtMs = performance.now()
  }
}
