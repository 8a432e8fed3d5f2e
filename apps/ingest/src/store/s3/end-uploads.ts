import { failAsset, listEndedStoreUploads, listIdleStoreUploads } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../../database-call.ts'
import type { NoticeParts } from './notice-parts.ts'
import type { S3Store } from './s3-store.ts'

const pageSize = 500

/** Frees in the bucket what clips have left that failed or were closed: from then on addresses that were given out are dead too. */
export function createEndUploads(given: { call: DatabaseCall; store: S3Store; log: Logger }): () => Promise<void> {
  const { call, store, log } = given
  return async () => {
    for (let afterId: string | null = null; ; ) {
      const page: string[] = await call((clocked) => listEndedStoreUploads(clocked, { afterId, limit: pageSize }))
      for (const assetId of page)
        try {
          await store.discard(assetId)
        } catch (error) {
          // The row stays, so it is tried again; one that cannot be freed must not keep the others.
          log.warn({ err: error, assetId }, 'what an ended upload holds in the bucket could not be freed yet')
        }
      const last = page.at(-1)
      if (last === undefined || page.length < pageSize) return
      afterId = last
    }
  }
}

/** Gives up uploads whose addresses died long ago without anybody asking for new ones. */
export function createGiveUpAbandoned(given: {
  call: DatabaseCall
  noticeParts: NoticeParts
  log: Logger
  abandonedMs: number
}): () => Promise<void> {
  const { call, noticeParts, log, abandonedMs } = given
  return async () => {
    const idle = await call((clocked) => listIdleStoreUploads(clocked, { idleMs: abandonedMs }))
    for (const assetId of idle) {
      try {
        if (await noticeParts(assetId)) continue
      } catch (error) {
        // It may have arrived after all: looked at again when the bucket answers.
        log.warn({ err: error, assetId }, 'the bucket could not be asked for the parts of an upload')
        continue
      }
      const detail = `No part of it came for ${Math.round(abandonedMs / 86_400_000)} days`
      await call((clocked) => failAsset(clocked, { assetId, because: 'abandoned', detail, onlyWhileOpen: true }))
      log.info({ assetId }, 'an upload that nobody goes on with is given up')
    }
  }
}
