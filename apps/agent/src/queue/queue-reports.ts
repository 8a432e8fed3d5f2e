import type { UploadReport } from '@rushes/protocol'
import type { HeldReason } from '@rushes/upload-core'
import type { Queue } from './open-queue.ts'
import { integer, type Row, text } from './row.ts'
import type { StoredUpload } from './stored-upload.ts'
import { readUpload, uploadColumns } from './stored-upload.ts'
import { uploadReportOf } from './upload-report.ts'

/** Uploads in the order of their ids, after `afterId`: every one that is there from first to last page is seen once. */
export function uploadsAfter(queue: Queue, afterId: string | null, limit: number): UploadReport[] {
  return queue
    .sql(`SELECT ${uploadColumns} FROM uploads u JOIN files f ON f.id = u.file_id WHERE u.id > ? ORDER BY u.id LIMIT ?`)
    .all(afterId ?? '', limit)
    .map((row) => uploadReportOf(readUpload(row)))
}

/** Uploads in the order in which they were taken in, after `afterSeq`. */
export function uploadsInOrder(queue: Queue, afterSeq: number, limit: number): StoredUpload[] {
  return queue
    .sql(
      `SELECT ${uploadColumns} FROM uploads u JOIN files f ON f.id = u.file_id WHERE u.seq > ? ORDER BY u.seq LIMIT ?`,
    )
    .all(afterSeq, limit)
    .map((row) => readUpload(row))
}

/** Uploads that have or are getting addresses for their parts, in the order in which they were taken in. */
export function uploadsOnTheirWay(queue: Queue, limit: number): StoredUpload[] {
  return queue
    .sql(
      `SELECT ${uploadColumns} FROM uploads u JOIN files f ON f.id = u.file_id WHERE u.state IN ('registering', 'uploading') ORDER BY u.seq LIMIT ?`,
    )
    .all(limit)
    .map((row) => readUpload(row))
}

/** Uploads that are held for a reason, a page of them after `afterSeq`. */
export function heldUploads(queue: Queue, reason: HeldReason, afterSeq: number, limit: number): StoredUpload[] {
  return queue
    .sql(
      `SELECT ${uploadColumns} FROM uploads u JOIN files f ON f.id = u.file_id WHERE u.state = 'held' AND u.reason = ? AND u.seq > ? ORDER BY u.seq LIMIT ?`,
    )
    .all(reason, afterSeq, limit)
    .map((row) => readUpload(row))
}

export function countUploads(queue: Queue): number {
  const row = queue.sql('SELECT coalesce(sum(uploads), 0) AS uploads FROM folder_totals').get()
  return row === undefined ? 0 : integer(row, 'uploads')
}

/** `lostBytes`: had been acknowledged too, and have to be sent again. */
export type StateTotal = {
  state: string
  count: number
  sizeBytes: number
  acknowledgedBytes: number
  lostBytes: number
}

/** Counts and bytes by state. */
export function stateTotals(queue: Queue): StateTotal[] {
  return queue
    .sql(
      'SELECT state, sum(uploads) AS uploads, sum(size_bytes) AS size, sum(bytes_acknowledged) AS acknowledged, sum(bytes_lost) AS lost FROM folder_totals GROUP BY state HAVING sum(uploads) > 0 ORDER BY state',
    )
    .all()
    .map(readTotal)
}

/** Of one watch folder on one volume: of a folder that cards are mounted at, of one card. */
export type FolderTotal = StateTotal & { volumeId: string; watchFolder: string | null }

/** Counts and bytes by watch folder, volume and state. */
export function folderTotals(queue: Queue): FolderTotal[] {
  return queue
    .sql(
      'SELECT volume_id, watch_folder, state, uploads, size_bytes AS size, bytes_acknowledged AS acknowledged, bytes_lost AS lost FROM folder_totals WHERE uploads > 0 ORDER BY watch_folder, volume_id, state',
    )
    .all()
    .map((row) => ({
      volumeId: text(row, 'volume_id'),
      watchFolder: text(row, 'watch_folder') || null,
      ...readTotal(row),
    }))
}

const readTotal = (row: Row): StateTotal => ({
  state: text(row, 'state'),
  count: integer(row, 'uploads'),
  sizeBytes: integer(row, 'size'),
  acknowledgedBytes: integer(row, 'acknowledged'),
  lostBytes: integer(row, 'lost'),
})

/** Uploads that have parts on their way or waiting to be sent: what progress is reported of. */
export function uploadsUnderWay(
  queue: Queue,
  limit: number,
): Array<{ id: string; bytesAcknowledged: number; partsDone: number }> {
  return queue
    .sql(
      "SELECT id, bytes_acknowledged + min(bytes_lost, size_bytes - bytes_acknowledged) AS bytes_acknowledged, parts_done FROM uploads WHERE state = 'uploading' ORDER BY seq LIMIT ?",
    )
    .all(limit)
    .map((row) => ({
      id: text(row, 'id'),
      bytesAcknowledged: integer(row, 'bytes_acknowledged'),
      partsDone: integer(row, 'parts_done'),
    }))
}
