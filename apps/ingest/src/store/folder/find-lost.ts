import { failAsset, listOpenUploads } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../../database-call.ts'
import type { Gathering } from './gathering.ts'

const pageSize = 500

/**
 * Holds the acknowledged parts of every open upload against what is on disk. Where bytes are gone, because somebody took the
 * files away, the clip has failed and the device is told so when it asks; it still has the file.
 */
export async function findLostBytes(given: { call: DatabaseCall; gathering: Gathering; log: Logger }): Promise<void> {
  const { call, gathering, log } = given
  for (let afterId: string | null = null; ; ) {
    const page = await call((clocked) => listOpenUploads(clocked, { afterId, limit: pageSize }))
    for (const upload of page) {
      if (upload.acknowledgedCount === 0) continue
      // Looked at after the row was read: an acknowledgement always comes after its bytes.
      const found = await gathering.inspect(upload.assetId)
      // Parts that lie apart need not reach into the data file.
      if (found.apartCount > 0 || found.dataBytes >= upload.reachesToBytes) continue
      const detail = `The store holds ${found.dataBytes} of ${upload.reachesToBytes} bytes that were acknowledged`
      log.error({ assetId: upload.assetId, detail }, 'acknowledged bytes are gone from the store')
      await call((clocked) => failAsset(clocked, { assetId: upload.assetId, because: 'storedBytesLost', detail }))
    }
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return
    afterId = last.assetId
  }
}
