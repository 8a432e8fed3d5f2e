import { backoffBoundMs, fullJitterMs } from '@rushes/upload-core'
import type { Logger } from 'pino'
import type { Destination, OwnAsset } from '../destination/port.ts'
import { readUploadLink, type UploadLink } from '../queue/links.ts'
import type { Queue } from '../queue/open-queue.ts'
import { heldUploads } from '../queue/queue-reports.ts'
import { rebuiltSince } from '../queue/rebuild-queue.ts'
import { sleep } from '../sleep.ts'
import { settleMatched } from './match-rebuilt.ts'

/** Files come to rest in their own time after a start, mostly soon, and clips that were on their way may still be verified. */
const firstLookMs = 1_000
const slowestLookMs = 15_000
/** A device that has made more clips than this since it was paired is matched by its newest ones. */
const maxAssets = 500_000

export type SettleRebuiltOptions = {
  queue: Queue
  destinationOf(link: UploadLink): Destination
  log: Logger
  random(): number
  signal: AbortSignal
}

/** After the queue was rebuilt: asks our ingest for the device's clips and settles those that it has, for as long as some are held. */
export async function settleRebuilt(options: SettleRebuiltOptions): Promise<void> {
  const { queue, log, random, signal } = options
  let failuresInRow = 0
  let lookMs = firstLookMs
  while (!signal.aborted) {
    const hasHeld = rebuiltSince(queue) !== null && heldUploads(queue, 'queueRebuilt', 0, 1).length > 0
    const assets = hasHeld ? await listAll(options) : []
    if (assets === null) failuresInRow++
    else {
      failuresInRow = 0
      const settledCount = settleMatched(queue, assets)
      if (settledCount > 0) log.info({ settledCount }, 'clips of the lost queue are at the destination already')
    }
    const backoffMs = failuresInRow === 0 ? 0 : fullJitterMs(backoffBoundMs(failuresInRow), random())
    await sleep(lookMs + backoffMs, signal)
    lookMs = Math.min(lookMs * 2, slowestLookMs)
  }
}

/** Every clip that this device made at our ingest; null when it cannot be asked now, or is not ours. */
async function listAll({ queue, destinationOf, signal }: SettleRebuiltOptions): Promise<OwnAsset[] | null> {
  const found: OwnAsset[] = []
  for (let after: string | null = null; ; ) {
    const link = readUploadLink(queue)
    if (link === null || link.fence !== 'open' || link.authorization !== 'good') return null
    const { additions } = destinationOf(link)
    if (additions === null) return null
    const page = await additions.listAssets({ accessToken: link.accessToken, after }, signal)
    if (page.kind !== 'assets') return null
    found.push(...page.assets)
    if (page.next === null || found.length >= maxAssets) return found
    after = page.next
  }
}
