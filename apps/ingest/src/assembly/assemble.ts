import { beginAssemblies, completeAssemblies, failAsset, reserveStoreKeys } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import { demuxerFor } from '../media/demuxer-for.ts'
import type { ObjectStore } from '../store/port.ts'

/**
 * Makes one clip of an upload whose parts are all in: intent in the rows, bytes to their place, result in the rows, leftovers
 * away. After a crash at any point it is done again from the beginning and gives the same clip.
 */
export function createAssemble(given: {
  call: DatabaseCall
  store: ObjectStore
  log: Logger
  clock: () => Date
  /** `lagMs`: since the last part was in. */
  onDone: (result: 'available' | 'bytesLost', lagMs: number) => void
  /** The clip is available and the device's digests are in. */
  onReadyToVerify: (assetId: string) => void
}): (assetId: string) => Promise<void> {
  const { call, store, log } = given
  const begin = call.together(beginAssemblies)
  const reserve = call.together(reserveStoreKeys)
  const complete = call.together(completeAssemblies, { holdsDevices: true })
  return async (assetId) => {
    const startedMs = performance.now()
    const begun = await begin({ assetId, placeFor: store.placeFor }, { turn: assetId })
    if (begun.kind !== 'begun') return
    const { lastPartAt } = begun.asset
    const published = await store.publish(begun.asset, (storeKey) => reserve({ assetId, storeKey }, { turn: assetId }))
    if (published.kind === 'bytesLost') {
      log.error({ assetId, detail: published.detail }, 'acknowledged bytes are gone from the store')
      await call((clocked) => failAsset(clocked, { assetId, because: 'storedBytesLost', detail: published.detail }))
      given.onDone('bytesLost', 0)
      return
    }
    if (published.kind === 'refused') {
      log.error({ assetId, detail: published.detail }, 'the store refuses to make one clip of the parts')
      await call((clocked) => failAsset(clocked, { assetId, because: 'refusedByStore', detail: published.detail }))
      return
    }
    const isReadable = demuxerFor(begun.asset) !== null && begun.asset.sizeBytes > 0
    // The row that is waited for, if any, is its device's: clips of one device wait together, on one connection.
    const completed = await complete({ assetId, isReadable }, { turn: begun.asset.deviceId })
    if (completed.kind === 'available') given.onDone('available', given.clock().getTime() - lastPartAt.getTime())
    await store.discard(assetId)
    log.info(
      { assetId, sizeBytes: begun.asset.sizeBytes, durationMs: Math.round(performance.now() - startedMs) },
      'clip available',
    )
    if (completed.kind === 'available' && completed.verify) given.onReadyToVerify(assetId)
  }
}
