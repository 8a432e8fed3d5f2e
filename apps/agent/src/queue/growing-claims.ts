import type { Consequence, UploadError } from '@rushes/upload-core'
import { findUpload } from './apply-upload-event.ts'
import { isSentTo, releaseHeld } from './growing-parts.ts'
import { findGrowth, type Growth } from './growths.ts'
import type { Queue } from './open-queue.ts'
import { concludeForUpload } from './part-claims.ts'
import { integer, text } from './row.ts'
import type { StoredUpload } from './stored-upload.ts'

/** A growing upload with its asset, as far as it may be worked on now. */
export type GrowingUpload = { upload: StoredUpload; growth: Growth; assetId: string }

/** `compare`: its file is complete and has to be read before its final part may go. */
export type DueGrowth = { uploadId: string; next: 'cut' | 'compare' }

/** Uploads that may be cut, compared or given addresses now, of the paired project only; those not yet sent, oldest first. None while the disk is full. */
export function dueGrowths(queue: Queue): DueGrowth[] {
  if (queue.diskFull) return []
  return queue
    .sql(
      `SELECT u.id, g.phase = 'complete' AND g.compared = 0 AS to_compare FROM growths g CROSS JOIN uploads u ON u.id = g.upload_id AND u.state = 'uploading'
          JOIN upload_link l ON l.project_id = u.project_id AND l.fence = 'open' AND l.authorization = 'good'
          JOIN unit d ON d.one = l.one AND d.held_since IS NULL
        WHERE g.phase IN ('open', 'complete') AND coalesce(g.not_before, 0) <= ? ORDER BY u.seq`,
    )
    .all(queue.now())
    .map((row) => ({ uploadId: text(row, 'id'), next: integer(row, 'to_compare') === 1 ? 'compare' : 'cut' }))
}

/** Uploads whose parts have all arrived and whose file is to be compared with them, oldest first. */
export function sentGrowths(queue: Queue): string[] {
  return queue
    .sql(
      `SELECT u.id FROM growths g CROSS JOIN uploads u ON u.id = g.upload_id AND u.state = 'uploaded'
        WHERE g.phase = 'sent' AND coalesce(g.not_before, 0) <= ? ORDER BY u.seq`,
    )
    .all(queue.now())
    .map((row) => text(row, 'id'))
}

/** The upload as it is now; null when it is not one that grows any more, or has no asset. */
export function readGrowing(queue: Queue, uploadId: string): GrowingUpload | null {
  const upload = findUpload(queue, uploadId)
  const growth = findGrowth(queue, uploadId)
  if (upload === null || growth === null) return null
  const { state } = upload
  if (state.kind !== 'uploading' && state.kind !== 'uploaded') return null
  return { upload, growth, assetId: state.asset.assetId }
}

/** One more call for addresses (or one more reading of a sent file) begins: counted before it does. The count with it. */
export function countGrowingAttempt(queue: Queue, uploadId: string): number {
  queue.sql('UPDATE growths SET attempts = attempts + 1, not_before = NULL WHERE upload_id = ?').run(uploadId)
  return findGrowth(queue, uploadId)?.attempts ?? 0
}

/**
 * Reads a growing file, counted as an attempt while it lasts, so that a file which kills the process comes to its end too. Whoever is told that it could
 * not be read counts that.
 */
export async function whileCounted<T>(queue: Queue, uploadId: string, read: () => Promise<T>): Promise<T> {
  countGrowingAttempt(queue, uploadId)
  try {
    return await read()
  } finally {
    returnGrowingAttempt(queue, uploadId)
  }
}

/** The call was not made after all, or was cut short by an orderly shutdown. */
export function returnGrowingAttempt(queue: Queue, uploadId: string): void {
  queue.sql('UPDATE growths SET attempts = max(0, attempts - 1) WHERE upload_id = ?').run(uploadId)
}

/** The file of a clip that is to be compared with what was sent is written to once more: looking at it meanwhile is not what counts. */
export function awaitRest(queue: Queue, uploadId: string): void {
  queue.sql("UPDATE growths SET attempts = 0 WHERE upload_id = ? AND phase = 'sent' AND attempts > 0").run(uploadId)
}

/** Stores addresses for parts that are still as they were asked for. */
export function storeAddresses(
  queue: Queue,
  { uploadId, assetId }: { uploadId: string; assetId: string },
  issuedAt: number,
  parts: ReadonlyArray<{ number: number; sizeBytes: number; url: string }>,
): void {
  queue.transact(() => {
    if (!isSentTo(queue, uploadId, assetId)) return
    const store = queue.sql(
      `UPDATE parts SET url = ?, issued_at = ?
        WHERE upload_id = ? AND number = ? AND size_bytes = ? AND state = 'pending' AND url = ''`,
    )
    for (const { number, sizeBytes, url } of parts) store.run(url, issuedAt, uploadId, number, sizeBytes)
    queue.sql('UPDATE growths SET attempts = 0, not_before = NULL WHERE upload_id = ?').run(uploadId)
    releaseHeld(queue, uploadId)
    queue.tell({ kind: 'work' })
  })
}

/** No addresses came, or the file cannot be read: later again, or what else the consequence says about the upload. */
export function recordGrowingFailure(
  queue: Queue,
  uploadId: string,
  consequence: Consequence,
  error: UploadError,
): void {
  queue.transact(() => {
    if (consequence.kind === 'tryAgain') {
      queue
        .sql('UPDATE growths SET not_before = ?, attempts = max(0, attempts - ?) WHERE upload_id = ?')
        .run(consequence.at, consequence.counted ? 0 : 1, uploadId)
    }
    concludeForUpload(queue, uploadId, consequence, error)
  })
}

/** What it was put off for has passed. */
export function endPostponement(queue: Queue, uploadId: string): void {
  queue.sql('UPDATE growths SET not_before = NULL WHERE upload_id = ? AND not_before IS NOT NULL').run(uploadId)
}

/** The file cannot be looked at now: later again. */
export function postponeGrowing(queue: Queue, uploadId: string, until: number): void {
  queue.sql('UPDATE growths SET not_before = ? WHERE upload_id = ?').run(Math.ceil(until), uploadId)
}
