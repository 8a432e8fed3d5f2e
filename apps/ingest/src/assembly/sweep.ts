import { closeExpiredUploads, failOverdue, listDueAssets } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import type { KeyedQueue } from './keyed-queue.ts'

/**
 * Finds in the rows what is to be done: clips that are whole, stragglers that did not come in time, digests that wait, devices
 * whose authorization has ended. What a
 * crash, a full queue or a lost reply left undone is found by the same way, so nothing else has to remember it.
 */
export function createSweeper(given: {
  call: DatabaseCall
  /** Parts that lie in the store without anybody having looked are not missing. */
  noticeParts: (assetId: string) => Promise<void>
  assemblies: KeyedQueue
  verifications: KeyedQueue
  log: Logger
  graceMs: number
}): () => Promise<void> {
  const { call, log, graceMs } = given
  return async () => {
    const expired = await call(closeExpiredUploads)
    for (const assetId of expired.closedIds) log.info({ assetId }, 'closed: the authorization of its device has ended')
    const due = await call((clocked) => listDueAssets(clocked, { graceMs }))
    for (const assetId of due.ready) given.assemblies.add(assetId)
    for (const assetId of due.toVerify) given.verifications.add(assetId)
    for (const assetId of due.overdue) {
      try {
        await given.noticeParts(assetId)
      } catch (error) {
        // Its parts may have come; looked at again when the store answers. Others need not wait for that.
        log.warn({ err: error, assetId }, 'the store could not be asked for the parts of an upload')
        continue
      }
      const failed = await call((clocked) => failOverdue(clocked, { assetId, graceMs }))
      if (failed.kind === 'failed')
        log.warn({ assetId, missing: failed.missing.slice(0, 20) }, 'parts missing after the grace')
    }
  }
}
