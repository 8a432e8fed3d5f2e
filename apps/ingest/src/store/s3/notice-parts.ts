import { acknowledgeListedParts, failAsset } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../../database-call.ts'
import type { S3Store } from './s3-store.ts'

/** Makes the rows of an upload say what its bucket has; resolves with whether parts came to light. */
export type NoticeParts = (assetId: string) => Promise<boolean>

/**
 * Asks a bucket what it has of an upload. Looks at one upload do not overlap, and one that is asked for while another runs begins
 * after it, so it sees whatever had arrived when it was asked for; many who ask at once share it.
 */
export function createNoticeParts(given: {
  call: DatabaseCall
  store: S3Store
  log: Logger
  /** Every part of an upload is in. */
  onWhole: (assetId: string) => void
}): NoticeParts {
  const running = new Map<string, Promise<boolean>>()
  const waiting = new Map<string, Promise<boolean>>()
  const begin = (assetId: string): Promise<boolean> => {
    const look = lookOnce(given, assetId).finally(() => {
      if (running.get(assetId) === look) running.delete(assetId)
    })
    running.set(assetId, look)
    return look
  }
  return (assetId) => {
    const current = running.get(assetId)
    if (current === undefined) return begin(assetId)
    const next =
      waiting.get(assetId) ??
      current
        .catch(() => false) // those who asked for it hear of it
        .then(() => {
          waiting.delete(assetId)
          return begin(assetId)
        })
    waiting.set(assetId, next)
    return next
  }
}

async function lookOnce(
  { call, store, log, onWhole }: Parameters<typeof createNoticeParts>[0],
  assetId: string,
): Promise<boolean> {
  const listed = await store.listed(assetId)
  if (listed === 'none') return false
  if (listed === 'gone') {
    // Whoever completes an upload has closed it to parts before, so an open one was ended by somebody else.
    const detail = 'The multipart upload that took its parts is gone from the bucket'
    await call((clocked) => failAsset(clocked, { assetId, because: 'storedBytesLost', detail, onlyWhileOpen: true }))
    return false
  }
  const noticed = await call((clocked) => acknowledgeListedParts(clocked, { assetId, listed }))
  if (noticed.kind === 'ended') return false
  if (noticed.withdrawn.length > 0)
    log.warn({ assetId, parts: noticed.withdrawn.slice(0, 20) }, 'parts have another size than registered, or are gone')
  if (noticed.isWhole) onWhole(assetId)
  return noticed.arrived.length > 0
}
