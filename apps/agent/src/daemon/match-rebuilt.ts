import type { OwnAsset } from '../destination/port.ts'
import { applyToUpload } from '../queue/apply-upload-event.ts'
import type { Queue } from '../queue/open-queue.ts'
import { heldUploads } from '../queue/queue-reports.ts'
import { relativePathOf, type StoredUpload } from '../queue/stored-upload.ts'

/** Device and server read different clocks, and the server's time of capture is in whole seconds. */
const captureToleranceMs = 120_000

/**
 * The one clip of the destination that this file is, whole: of the same project, volume, path, size and time of capture. Null when there
 * is none or more than one, which is for a person to decide.
 */
export function findMatch(upload: StoredUpload, assets: readonly OwnAsset[]): OwnAsset | null {
  const matches = assets.filter(
    (asset) =>
      asset.status === 'available' &&
      (asset.verified === 'verified' || asset.verified === 'sizeChecked') &&
      asset.projectId === upload.projectId &&
      asset.name === upload.name &&
      asset.sizeBytes === upload.sizeBytes &&
      asset.volumeId === upload.source.volumeId.slice(0, 255) &&
      asset.relativePath === relativePathOf(upload) &&
      upload.capturedAt !== null &&
      Math.abs(asset.capturedAt - upload.capturedAt) <= captureToleranceMs,
  )
  return matches.length === 1 ? (matches[0] ?? null) : null
}

const pageSize = 200

/** Settles the held clips of a rebuilt queue that the destination has; how many. */
export function settleMatched(queue: Queue, assets: readonly OwnAsset[]): number {
  const byName = Map.groupBy(assets, ({ name }) => name)
  let settledCount = 0
  let afterSeq = 0
  for (;;) {
    const page = heldUploads(queue, 'queueRebuilt', afterSeq, pageSize)
    queue.transact(() => {
      for (const upload of page) {
        const match = findMatch(upload, byName.get(upload.name) ?? [])
        if (match === null) continue
        const event = {
          kind: 'foundAtDestination',
          assetId: match.id,
          verified: match.verified === 'verified',
        } as const
        if (applyToUpload(queue, upload, event, { acknowledgedBytes: upload.sizeBytes }).kind === 'moved')
          settledCount++
      }
    })
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return settledCount
    afterSeq = last.seq
  }
}
