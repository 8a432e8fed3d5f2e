import { applyUploadEvent, findUpload } from './apply-upload-event.ts'
import { captureAt, storeCapture } from './capture-clock.ts'
import { tellTotal } from './growing-parts.ts'
import { readUploadLink } from './links.ts'
import type { Queue } from './open-queue.ts'
import { appendUploadChanged } from './outbox.ts'
import { type SourceFacts, updateSource } from './registrations.ts'
import { integer, integerOrNull, type Row, text, textOrNull, word } from './row.ts'
import { readUpload, type StoredUpload, uploadColumns } from './stored-upload.ts'

/** Some bytes of part 2 as it was cut, and how far into it they lay: where they lie in the complete file tells whether a head was put before it. */
export type Probe = { atBytes: number; hex: string }

/** An upload of a file that is sent while its recorder writes it; see the chapter on growing files in the specification. */
export type Growth = {
  uploadId: string
  phase: 'open' | 'complete' | 'sent'
  bytesPerSecond: number
  registersHead: boolean
  /** Null while the file is open. */
  completeBytes: number | null
  probe: Probe | null
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
  probe: probeOf(row),
  shiftBytes: integer(row, 'shift_bytes'),
  isCompared: integer(row, 'compared') === 1,
  attempts: integer(row, 'attempts'),
})

function probeOf(row: Row): Probe | null {
  const hex = textOrNull(row, 'probe')
  return hex === null ? null : { hex, atBytes: integer(row, 'probe_at') }
}

/** The upload of the file that has this inode and is being sent while it grows; null when there is none. */
export function growingInode(queue: Queue, volumeId: string, inode: string): StoredUpload | null {
  const row = queue
    .sql(
      `SELECT ${uploadColumns} FROM growths g JOIN uploads u ON u.id = g.upload_id JOIN files f ON f.id = u.file_id
        WHERE g.phase <> 'sent' AND u.state NOT IN ('cleared', 'blocked', 'refused') AND f.volume_id = ? AND f.inode = ? AND f.inode_is_stable = 1`,
    )
    .get(volumeId, inode)
  return row === undefined ? null : readUpload(row)
}

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

/**
 * Another take lies where the growing file was, or it is written to after its final part may have gone: what was sent is of no use, and the
 * file has to come to rest. `capturedAt`: when the other take began; null for the same one.
 */
export function takeAnew(queue: Queue, upload: StoredUpload, capturedAt: number | null): boolean {
  return queue.transact(() => {
    if (applyUploadEvent(queue, upload.id, { kind: 'takenAnew' }).kind !== 'moved') return false
    endGrowth(queue, upload.id)
    queue.sql('UPDATE uploads SET version_of = NULL WHERE id = ?').run(upload.id)
    // Nothing is known of it any more: it must be offered again even if it rests as it was.
    queue
      .sql('UPDATE files SET identity_key = NULL, stat_key = NULL, modified_us = 0 WHERE id = ?')
      .run(upload.source.fileId)
    if (capturedAt !== null) {
      storeCapture(queue, upload.id, captureAt(queue, capturedAt))
      queue.sql('UPDATE uploads SET bytes_lost = 0 WHERE id = ?').run(upload.id)
    }
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
    // What is at the destination is whole, and not the file: the next one says of which clip it is the newer version.
    if (upload.state.kind === 'uploaded')
      queue.sql('UPDATE uploads SET version_of = ? WHERE id = ?').run(upload.state.asset.assetId, upload.id)
    endGrowth(queue, upload.id)
    if (prepends && upload.source.watchFolder !== null)
      queue
        .sql('INSERT OR IGNORE INTO prepending_recorders (watch_folder, extension) VALUES (?, ?)')
        .run(upload.source.watchFolder, extension)
    return true
  })
}

/**
 * The destination has refused the clip as one that grows, and its file rests now: from here on it is one of known size, which is queued once
 * more. One that fails again stays so, as does one that failed for anything else.
 */
export function sendRefusedWhole(queue: Queue, uploadId: string): void {
  queue.transact(() => {
    const state = findUpload(queue, uploadId)?.state
    if (state?.kind !== 'failed' || state.reason !== 'rejectedByDestination') return
    endGrowth(queue, uploadId)
    applyUploadEvent(queue, uploadId, { kind: 'retried' })
  })
}

/** The file of a clip whose parts have all arrived was written to once more, and is this now: the clip goes up whole, as the newer version. */
export function sendNewer(queue: Queue, upload: StoredUpload, source: SourceFacts): boolean {
  return queue.transact(() => {
    if (!sendWhole(queue, upload, '', false)) return false
    updateSource(queue, upload.source.fileId, source)
    queue.sql('UPDATE uploads SET size_bytes = ? WHERE id = ?').run(source.sizeBytes, upload.id)
    appendUploadChanged(queue, upload.id)
    return true
  })
}

/** The file of a clip that will not go up by itself has come to its end, and is this. */
export function recordEnd(queue: Queue, upload: StoredUpload, source: SourceFacts): void {
  queue.transact(() => {
    updateSource(queue, upload.source.fileId, source)
    queue
      .sql("UPDATE uploads SET size_bytes = ? WHERE id = ? AND state IN ('blocked', 'refused')")
      .run(source.sizeBytes, upload.id)
    appendUploadChanged(queue, upload.id)
  })
}

/** Every part has arrived; what is owed is the comparison of the whole file. */
export function markSent(queue: Queue, uploadId: string): void {
  queue.sql("UPDATE growths SET phase = 'sent' WHERE upload_id = ? AND phase = 'complete'").run(uploadId)
  queue.tell({ kind: 'work' })
}

/** Every part of the file has been compared with it: it may be verified. */
export function concludeGrowth(queue: Queue, uploadId: string, isProven: boolean): void {
  queue.transact(() => {
    endGrowth(queue, uploadId)
    if (isProven && readUploadLink(queue)?.isOurs === true) applyUploadEvent(queue, uploadId, { kind: 'custodyOwed' })
  })
}
