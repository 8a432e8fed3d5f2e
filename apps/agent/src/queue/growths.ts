import type { GrowingPart, GrowingRole } from '@rushes/upload-core'
import { applyUploadEvent, findUpload } from './apply-upload-event.ts'
import type { Queue } from './open-queue.ts'
import { type SourceFacts, updateSource } from './registrations.ts'
import { integer, integerOrNull, type Row, text, textOrNull, word } from './row.ts'
import type { StoredUpload } from './stored-upload.ts'

/** An upload of a file that is sent while its recorder writes it; see the chapter on growing files in the specification. */
export type Growth = {
  uploadId: string
  phase: 'open' | 'complete' | 'sent'
  bytesPerSecond: number
  registersHead: boolean
  /** Null while the file is open. */
  completeBytes: number | null
  probe: string | null
  shiftBytes: number
  isCompared: boolean
  attempts: number
}

export function findGrowth(queue: Queue, uploadId: string): Growth | null {
  const row = queue.sql('SELECT * FROM growths WHERE upload_id = ?').get(uploadId)
  return row === undefined ? null : toGrowth(row)
}

const toGrowth = (row: Row): Growth => ({
  uploadId: text(row, 'upload_id'),
  phase: word(row, 'phase', ['open', 'complete', 'sent']),
  bytesPerSecond: integer(row, 'bytes_per_second'),
  registersHead: integer(row, 'registers_head') === 1,
  completeBytes: integerOrNull(row, 'complete_bytes'),
  probe: textOrNull(row, 'probe'),
  shiftBytes: integer(row, 'shift_bytes'),
  isCompared: integer(row, 'compared') === 1,
  attempts: integer(row, 'attempts'),
})

/** Enough of a growing file is there: from here on it is registered, cut and sent while it grows. */
export function beginGrowth(
  queue: Queue,
  upload: StoredUpload,
  begin: { bytesPerSecond: number; extension: string; source: SourceFacts },
): void {
  queue.transact(() => {
    const { watchFolder, fileId } = upload.source
    updateSource(queue, fileId, begin.source)
    queue
      .sql("UPDATE uploads SET is_realtime = 1, size_bytes = ? WHERE id = ? AND state = 'growing'")
      .run(begin.source.sizeBytes, upload.id)
    queue
      .sql(
        `INSERT OR REPLACE INTO growths (upload_id, phase, bytes_per_second, registers_head)
          VALUES (?, 'open', ?, NOT EXISTS (SELECT 1 FROM prepending_recorders WHERE watch_folder = ? AND extension = ?))`,
      )
      .run(upload.id, Math.floor(begin.bytesPerSecond), watchFolder ?? '', begin.extension)
    applyUploadEvent(queue, upload.id, { kind: 'begun' })
  })
}

/** The recorder has finished, and the file is this. Again when it was written to once more. */
export function completeGrowth(queue: Queue, upload: StoredUpload, source: SourceFacts): void {
  queue.transact(() => {
    updateSource(queue, upload.source.fileId, source)
    queue
      .sql(
        "UPDATE growths SET phase = 'complete', complete_bytes = ?, compared = 0 WHERE upload_id = ? AND phase <> 'sent'",
      )
      .run(source.sizeBytes, upload.id)
    queue
      .sql('UPDATE uploads SET size_bytes = max(?, bytes_acknowledged) WHERE id = ?')
      .run(source.sizeBytes, upload.id)
    queue.tell({ kind: 'work' })
  })
}

/**
 * The file is written to again although it was taken for complete: its final part is taken back. False when that may have left already,
 * or when parts were moved up by a new head: then only the whole file can tell what became of it.
 */
export function reopenGrowth(queue: Queue, uploadId: string): boolean {
  return queue.transact(() => {
    const growth = findGrowth(queue, uploadId)
    if (growth === null || growth.phase === 'sent' || growth.shiftBytes > 0) return false
    if (growth.phase === 'open') return true
    const begun = queue
      .sql(
        "SELECT 1 FROM parts WHERE upload_id = ? AND role IN ('head', 'final') AND (state <> 'pending' OR attempts > 0)",
      )
      .get(uploadId)
    if (begun !== undefined) return false
    queue.sql("DELETE FROM parts WHERE upload_id = ? AND role = 'final'").run(uploadId)
    queue.sql("UPDATE parts SET is_held = 1 WHERE upload_id = ? AND role = 'head'").run(uploadId)
    queue.sql('UPDATE parts SET is_proven = 0 WHERE upload_id = ?').run(uploadId)
    queue
      .sql("UPDATE growths SET phase = 'open', complete_bytes = NULL, compared = 0 WHERE upload_id = ?")
      .run(uploadId)
    tellTotal(queue, uploadId, 1)
    return true
  })
}

/** From here on the upload is one of a file of known size; what was cut of it must have been dropped. */
export function endGrowth(queue: Queue, uploadId: string): void {
  queue.transact(() => {
    queue.sql('DELETE FROM growths WHERE upload_id = ?').run(uploadId)
    queue.sql('UPDATE uploads SET is_realtime = 0 WHERE id = ?').run(uploadId)
  })
}

/**
 * What was sent is not the file: begins its upload anew, whole. `prepends`: because its recorder puts a head before the file when it
 * finishes, which is remembered for the next one. False when the upload is not in a state for it.
 */
export function sendWhole(queue: Queue, upload: StoredUpload, extension: string, prepends: boolean): boolean {
  return queue.transact(() => {
    if (applyUploadEvent(queue, upload.id, { kind: 'contentDiffers' }).kind !== 'moved') return false
    endGrowth(queue, upload.id)
    if (prepends && upload.source.watchFolder !== null)
      queue
        .sql('INSERT OR IGNORE INTO prepending_recorders (watch_folder, extension) VALUES (?, ?)')
        .run(upload.source.watchFolder, extension)
    return true
  })
}

/** A part of a growing upload as it is planned or sent. */
export type GrowingRow = {
  number: number
  offset: number
  sizeBytes: number
  role: GrowingRole
  state: 'pending' | 'sending' | 'acknowledged'
  hasAddress: boolean
  isProven: boolean
  xxh64: string | null
}

export function growingRows(queue: Queue, uploadId: string): GrowingRow[] {
  return queue
    .sql('SELECT * FROM parts WHERE upload_id = ? ORDER BY number')
    .all(uploadId)
    .map((row) => ({
      number: integer(row, 'number'),
      offset: integer(row, 'offset'),
      sizeBytes: integer(row, 'size_bytes'),
      role: word(row, 'role', ['head', 'middle', 'final']),
      state: word(row, 'state', ['pending', 'sending', 'acknowledged']),
      hasAddress: text(row, 'url') !== '',
      isProven: integer(row, 'is_proven') === 1,
      xxh64: textOrNull(row, 'xxh64'),
    }))
}

/** Stores what was cut, before an address is asked for. `probe`: the first bytes of part 2, with the parts that it is among. */
export function storeCut(queue: Queue, uploadId: string, parts: readonly GrowingPart[], probe: string | null): void {
  queue.transact(() => {
    const insert = queue.sql(
      "INSERT INTO parts (upload_id, number, offset, size_bytes, url, state, role, is_held) VALUES (?, ?, ?, ?, '', 'pending', ?, ?)",
    )
    for (const { number, offset, sizeBytes, role } of parts)
      insert.run(uploadId, number, offset, sizeBytes, role, role === 'middle' ? 0 : 1)
    if (probe !== null) queue.sql('UPDATE growths SET probe = ? WHERE upload_id = ?').run(probe, uploadId)
    const last = parts.at(-1)
    if (last !== undefined)
      queue
        .sql('UPDATE uploads SET size_bytes = max(size_bytes, ?) WHERE id = ?')
        .run(last.offset + last.sizeBytes, uploadId)
    tellTotal(queue, uploadId, parts.some(({ role }) => role === 'final') ? 0 : 1)
  })
}

/** A new head was put before the file: part 1 takes it in and needs another address, the others lie further on. */
export function storeShift(queue: Queue, uploadId: string, shiftBytes: number): void {
  queue.transact(() => {
    queue.sql('UPDATE growths SET shift_bytes = ? WHERE upload_id = ?').run(shiftBytes, uploadId)
    queue
      .sql("UPDATE parts SET size_bytes = size_bytes + ?, url = '' WHERE upload_id = ? AND number = 1")
      .run(shiftBytes, uploadId)
    queue.sql('UPDATE parts SET offset = offset + ? WHERE upload_id = ? AND number > 1').run(shiftBytes, uploadId)
  })
}

/** Of the parts that were compared, which are as they were sent, and which go again. */
export function storeComparison(
  queue: Queue,
  uploadId: string,
  { same, changed }: { same: readonly number[]; changed: readonly number[] },
): void {
  queue.transact(() => {
    const prove = queue.sql(
      "UPDATE parts SET is_proven = 1 WHERE upload_id = ? AND number = ? AND state = 'acknowledged'",
    )
    for (const number of same) prove.run(uploadId, number)
    const reopen = queue.sql(
      `UPDATE parts SET state = 'pending', url = '', attempts = 0, is_resent = 1, xxh64 = NULL, acknowledged_at = NULL
        WHERE upload_id = ? AND number = ? AND state = 'acknowledged'`,
    )
    for (const number of changed) reopen.run(uploadId, number)
  })
}

/** Nothing is left to compare before the final part. */
export function markCompared(queue: Queue, uploadId: string): void {
  queue.transact(() => {
    queue.sql("UPDATE growths SET compared = 1 WHERE upload_id = ? AND phase = 'complete'").run(uploadId)
    releaseHeld(queue, uploadId)
  })
}

/** Lets the head go when all others but the final part have arrived, and the final part when the head has too. */
export function releaseHeld(queue: Queue, uploadId: string): void {
  for (const role of ['head', 'final']) {
    const { changes } = queue
      .sql(
        `UPDATE parts SET is_held = 0 WHERE upload_id = ? AND role = ? AND is_held = 1
          AND EXISTS (SELECT 1 FROM growths g WHERE g.upload_id = parts.upload_id AND g.phase = 'complete' AND g.compared = 1)
          AND NOT EXISTS (SELECT 1 FROM parts o WHERE o.upload_id = parts.upload_id AND o.is_held = 0 AND o.state <> 'acknowledged')
          AND (role = 'head' OR NOT EXISTS (SELECT 1 FROM parts h WHERE h.upload_id = parts.upload_id AND h.role = 'head' AND h.is_held = 1))`,
      )
      .run(uploadId, role)
    if (changes > 0) queue.tell({ kind: 'work' })
  }
}

/** Every part has arrived; what is owed is the comparison of the whole file. */
export function markSent(queue: Queue, uploadId: string): void {
  queue.sql("UPDATE growths SET phase = 'sent' WHERE upload_id = ? AND phase = 'complete'").run(uploadId)
  queue.tell({ kind: 'work' })
}

/** Parts with their end in the count: while the file is open one more than there are is to come. */
function tellTotal(queue: Queue, uploadId: string, toCome: 0 | 1): void {
  const row = queue.sql('SELECT count(*) AS parts FROM parts WHERE upload_id = ?').get(uploadId)
  const partsTotal = (row === undefined ? 0 : integer(row, 'parts')) + toCome
  applyUploadEvent(queue, uploadId, { kind: 'partsCut', partsTotal })
}

/** The growing upload under this id with its file, while it has both. */
export function readGrowing(queue: Queue, uploadId: string): { upload: StoredUpload; growth: Growth } | null {
  const upload = findUpload(queue, uploadId)
  const growth = upload === null ? null : findGrowth(queue, uploadId)
  return upload === null || growth === null ? null : { upload, growth }
}
