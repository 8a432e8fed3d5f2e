import { oweFileDigest } from './custody-claims.ts'
import type { Queue } from './open-queue.ts'
import { readUpload, type StoredUpload, uploadColumns } from './stored-upload.ts'

/** Clips that are given up in one statement: many, and still little to write at once. */
const maxGivenUpAtOnce = 500
/** A file that cannot be read so often is left alone until its volume comes again; the indexes of the schema have the same number. */
const maxAttempts = 5
/** Of one that nobody can digest any more, wherever its volume is. */
const givenUp = maxAttempts + 1

/** What was sent while it grew is read once anyway, when it is compared. */
const due = `FROM uploads u INDEXED BY uploads_undigested JOIN files f ON f.id = u.file_id
  WHERE u.file_xxh64 IS NULL AND u.digest_attempts < ${maxAttempts} AND u.state IN ('uploaded', 'verified')
    AND coalesce(u.digest_not_before, 0) <= ? AND NOT EXISTS (SELECT 1 FROM growths g WHERE g.upload_id = u.id)
  ORDER BY coalesce(u.digest_not_before, 0), u.seq`

/**
 * The first clip that has arrived and whose whole file nobody has read in order yet, with the attempt to do so counted; null when none is
 * due. The oldest goes first, before those that were postponed. Costs the same however many were given up or wait.
 */
export function claimUndigested(queue: Queue): StoredUpload | null {
  return queue.transact(() => {
    const row = queue.sql(`SELECT ${uploadColumns} ${due} LIMIT 1`).get(queue.now())
    if (row === undefined) return null
    const upload = readUpload(row)
    queue.sql('UPDATE uploads SET digest_attempts = digest_attempts + 1 WHERE id = ?').run(upload.id)
    return upload
  })
}

/** The whole file as it was sent to this asset has this xxh64. A destination that has verified the clip by its parts is told so. */
export function recordFileDigest(queue: Queue, { id, assetId }: { id: string; assetId: string }, xxh64: string): void {
  queue.transact(() => {
    queue
      .sql(
        "UPDATE uploads SET file_xxh64 = ?, file_digested_at = ? WHERE id = ? AND asset_id = ? AND state IN ('uploaded', 'verified')",
      )
      .run(xxh64, queue.now(), id, assetId)
    oweFileDigest(queue, id)
  })
}

/** It could not be read just now. */
export function postponeDigest(queue: Queue, uploadId: string, until: number): void {
  queue.sql('UPDATE uploads SET digest_not_before = ? WHERE id = ?').run(Math.ceil(until), uploadId)
}

/** The attempt was cut short by an orderly shutdown. */
export function returnDigestAttempt(queue: Queue, uploadId: string): void {
  queue.sql('UPDATE uploads SET digest_attempts = digest_attempts - 1 WHERE id = ?').run(uploadId)
}

/** The file cannot be digested as it was sent any more: it is gone, or was changed. */
export function giveUpDigest(queue: Queue, uploadId: string): void {
  queue.sql('UPDATE uploads SET digest_attempts = ? WHERE id = ?').run(givenUp, uploadId)
}

/** The volume is there again: those of its clips that could not be read so far are tried anew. */
export function resumeDigests(queue: Queue, volumeId: string): void {
  const { changes } = queue
    .sql(
      `UPDATE uploads INDEXED BY uploads_undigested_away SET digest_attempts = 0, digest_not_before = NULL
        WHERE file_xxh64 IS NULL AND digest_attempts = ${maxAttempts} AND state IN ('uploaded', 'verified')
          AND (SELECT f.volume_id FROM files f WHERE f.id = file_id) = ?`,
    )
    .run(volumeId)
  if (changes > 0) queue.tell({ kind: 'work' })
}

/**
 * Gives up those of the next clips that are due of whose parts nothing is known: they were found at the destination. A queue that was begun
 * anew has nothing else, hundreds of thousands of them.
 */
export function giveUpUnknown(queue: Queue): void {
  queue
    .sql(
      `UPDATE uploads SET digest_attempts = ${givenUp} WHERE id IN (SELECT u.id ${due} LIMIT ${maxGivenUpAtOnce})
        AND NOT EXISTS (SELECT 1 FROM parts p WHERE p.upload_id = uploads.id AND p.state = 'acknowledged')`,
    )
    .run(queue.now())
}
