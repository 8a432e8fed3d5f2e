import { whichTakeParts } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../../database-call.ts'
import type { Gathering } from './gathering.ts'

/** An upload of which nothing came for so long has broken off: a live one would have been given up as stalled before. */
const staleIncomingMs = 10 * 60_000
const pageSize = 500

/** Removes from the gathering folder what no open upload needs: of clips that are available, failed or closed, and broken-off parts. */
export async function tidyFolder(given: { call: DatabaseCall; gathering: Gathering; log: Logger }): Promise<void> {
  const { call, gathering, log } = given
  const gathered = await gathering.list()
  let removedCount = 0
  for (let first = 0; first < gathered.length; first += pageSize) {
    const assetIds = gathered.slice(first, first + pageSize)
    const open = await call((clocked) => whichTakeParts(clocked, { assetIds }))
    for (const assetId of assetIds) {
      if (open.has(assetId)) continue
      await gathering.discard(assetId)
      removedCount += 1
    }
  }
  const brokenOffCount = await gathering.dropStaleIncoming(staleIncomingMs)
  if (removedCount + brokenOffCount > 0) log.info({ removedCount, brokenOffCount }, 'gathering folder tidied')
}
