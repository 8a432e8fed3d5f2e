import { claimStoreLooks, postponeStoreLook } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../../database-call.ts'
import { type LookLimits, nextLookAt } from './next-look.ts'
import type { NoticeParts } from './notice-parts.ts'

const looksAtOnce = 8
/** A look that takes longer may be done a second time by another instance, which does no harm. */
const leaseMs = 60_000

/** Looks for parts of uploads whose devices do not say that they are done; returns when none is due. */
export function createWatch(given: {
  call: DatabaseCall
  noticeParts: NoticeParts
  clock: () => Date
  limits: LookLimits
  log: Logger
  signal: AbortSignal
}): () => Promise<void> {
  const { call, noticeParts, clock, limits, log, signal } = given
  return async () => {
    while (!signal.aborted) {
      const looks = await call((clocked) => claimStoreLooks(clocked, { limit: looksAtOnce, leaseMs }))
      await Promise.all(
        looks.map(async (look) => {
          const { assetId } = look
          const hasNews = await noticeParts(assetId).catch((error: unknown) => {
            // Asked again by and by, like one of which there is nothing new.
            log.warn({ err: error, assetId }, 'the bucket could not be asked for the parts of an upload')
            return false
          })
          const now = clock()
          const lookAt = nextLookAt(now, hasNews ? { ...look, newsAt: now } : look, limits, Math.random())
          await call((clocked) => postponeStoreLook(clocked, { assetId, lookAt, hasNews }))
        }),
      )
      if (looks.length < looksAtOnce) return
    }
  }
}
