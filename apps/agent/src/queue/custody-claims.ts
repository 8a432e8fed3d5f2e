import type { CustodyRequest } from '@rushes/protocol'
import type { Queue } from './open-queue.ts'
import { integer, text } from './row.ts'
import { readUpload, type StoredUpload, uploadColumns } from './stored-upload.ts'

/**
 * The next clip of the paired project that has something to tell the destination: an uploaded one the digests that are to be confirmed, a
 * verified one the digest of its whole file. Null when none is due.
 */
export function nextCustody(queue: Queue): StoredUpload | null {
  const row = queue
    .sql(
      `SELECT ${uploadColumns} FROM upload_link l JOIN uploads u ON u.project_id = l.project_id AND u.custody = 'owed' JOIN files f ON f.id = u.file_id
        WHERE l.is_ours = 1 AND l.fence = 'open' AND l.authorization = 'good' AND coalesce(u.custody_not_before, 0) <= ?
        ORDER BY coalesce(u.custody_not_before, 0), u.seq LIMIT 1`,
    )
    .get(queue.now())
  return row === undefined ? null : readUpload(row)
}

/** Asks again later. */
export function postponeCustody(queue: Queue, uploadId: string, until: number): void {
  queue
    .sql("UPDATE uploads SET custody_not_before = ? WHERE id = ? AND custody = 'owed'")
    .run(Math.ceil(until), uploadId)
  queue.tell({ kind: 'work' })
}

/** The destination has verified the clip before it could be told the digest of the whole file: it is told now. */
export function oweFileDigest(queue: Queue, uploadId: string): void {
  const { changes } = queue
    .sql(
      "UPDATE uploads SET custody = 'owed', custody_not_before = NULL WHERE id = ? AND state = 'verified' AND file_xxh64 IS NOT NULL",
    )
    .run(uploadId)
  if (changes > 0) queue.tell({ kind: 'work' })
}

/** It was told, or cannot be; the clip is as verified as before. */
export function settleFileDigest(queue: Queue, uploadId: string): void {
  queue.sql("UPDATE uploads SET custody = 'none' WHERE id = ? AND state = 'verified'").run(uploadId)
}

/** The digests of the bytes as they left, by part number. */
export function custodyParts(queue: Queue, uploadId: string): CustodyRequest['parts'] {
  return queue
    .sql(
      "SELECT number, offset, size_bytes, xxh64 FROM parts WHERE upload_id = ? AND state = 'acknowledged' ORDER BY number",
    )
    .all(uploadId)
    .map((row) => ({
      number: integer(row, 'number'),
      offset: integer(row, 'offset'),
      size: integer(row, 'size_bytes'),
      xxh64: text(row, 'xxh64'),
    }))
}
