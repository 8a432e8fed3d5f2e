import { failAsset, listOpenUploads, type OpenUpload } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../../database-call.ts'
import type { FolderStore } from './folder-store.ts'
import type { GatheredUpload } from './gathering.ts'
import { partName } from './layout.ts'

const pageSize = 500

/**
 * Holds the acknowledged parts of every open upload against what is on disk. Where bytes are gone, because somebody took the
 * files away, the clip has failed and the device is told so when it asks; it still has the file.
 */
export async function findLostBytes(given: {
  call: DatabaseCall
  store: Pick<FolderStore, 'gathering' | 'isThere'>
  log: Logger
}): Promise<void> {
  const { call, store, log } = given
  for (let afterId: string | null = null; ; ) {
    const page = await call((clocked) => listOpenUploads(clocked, { afterId, limit: pageSize }))
    for (const upload of page) {
      // Looked at after the row was read: an acknowledgement always comes after its bytes.
      const detail = whatIsLost(upload, await store.gathering.inspect(upload.assetId))
      if (detail === null) continue
      // The volume may have gone away since we began.
      if (!(await store.isThere())) return
      const { assetId } = upload
      const { kind } = await call((clocked) => failAsset(clocked, { assetId, because: 'storedBytesLost', detail }))
      // Otherwise it became whole, or ended, in between, and its files were no longer needed.
      if (kind === 'failed') log.error({ assetId, detail }, 'acknowledged bytes are gone from the store')
    }
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return
    afterId = last.assetId
  }
}

function whatIsLost(upload: OpenUpload, found: GatheredUpload): string | null {
  const gone = upload.apart.find(({ number, xxh64 }) => !found.apartNames.has(partName(number, xxh64)))
  if (gone !== undefined) return `The file that held part ${gone.number} is gone from the store`
  if (found.dataBytes >= upload.reachesToBytes) return null
  return `The store holds ${found.dataBytes} of ${upload.reachesToBytes} bytes that were acknowledged`
}
