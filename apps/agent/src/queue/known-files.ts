import type { Capture, HeldReason, RefusedReason, UploadError } from '@rushes/upload-core'
import { clipNameOf } from '../capture/temporary-name.ts'
import { type Applied, applyUploadEvent } from './apply-upload-event.ts'
import { storeCapture } from './capture-clock.ts'
import { endGrowth } from './growths.ts'
import { readUploadLink } from './links.ts'
import type { Queue } from './open-queue.ts'
import { appendUploadChanged } from './outbox.ts'
import { type SourceFacts, updateSource } from './registrations.ts'
import { integer, text } from './row.ts'
import { readUpload, type StoredUpload, uploadColumns } from './stored-upload.ts'

/**
 * The newest upload of the file that is known under this path; null when there is none. Cards of one camera hold files of the same names: where it is
 * known on which volume the file lies, one of that volume comes before those of others.
 */
export function findByPath(queue: Queue, path: string, volumeId: string | null = null): StoredUpload | null {
  return firstWhere(queue, 'f.path = ? ORDER BY f.volume_id IS ? DESC, u.seq DESC', path, volumeId)
}

/** The newest upload of the file with this identity, under whatever path; null when none is known. */
export function findByIdentity(queue: Queue, identityKey: string): StoredUpload | null {
  return firstWhere(queue, 'f.identity_key = ? ORDER BY u.seq DESC', identityKey)
}

/** Not where its upload was given up because the file was gone: that it is there again is news. */
export function isKnownStat(queue: Queue, statKey: string, path: string): boolean {
  const row = queue
    .sql(
      `SELECT u.state = 'cleared' AND u.reason = 'sourceDeleted' AS is_given_up FROM files f JOIN uploads u ON u.file_id = f.id
        WHERE f.stat_key = ? AND f.path = ? ORDER BY u.seq DESC LIMIT 1`,
    )
    .get(statKey, path)
  return row !== undefined && integer(row, 'is_given_up') === 0
}

/** Cleared because its file was gone. */
export const isGivenUp = ({ state }: StoredUpload): boolean =>
  state.kind === 'cleared' && state.reason === 'sourceDeleted'

/** One that was given up while the device was of another project: of the present one its file is a new take. */
export function isGivenUpElsewhere(queue: Queue, upload: StoredUpload): boolean {
  const project = readUploadLink(queue)?.project ?? null
  return isGivenUp(upload) && project !== null && upload.projectId !== null && upload.projectId !== project.id
}

/**
 * The same file lies elsewhere now, or there again: its uploads follow it, and what nothing was said of to the destination yet goes by its new
 * name. One that was given up goes on, as one of known size; what is returned tells of that.
 */
export function moveSource(
  queue: Queue,
  { id, source }: StoredUpload,
  to: SourceFacts & { path: string; watchFolder: string | null },
): Applied {
  return queue.transact(() => {
    const applied = applyUploadEvent(queue, id, { kind: 'sourceFound' })
    if (applied.kind === 'moved') endGrowth(queue, id)
    queue.sql('UPDATE files SET path = ?, watch_folder = ? WHERE id = ?').run(to.path, to.watchFolder, source.fileId)
    updateSource(queue, source.fileId, to)
    const name = clipNameOf(to.path)
    const renamed = queue
      .sql(
        'UPDATE uploads SET name = ? WHERE file_id = ? AND name <> ? AND create_name IS NULL AND asset_id IS NULL RETURNING id',
      )
      .all(name, source.fileId, name)
    for (const row of renamed) appendUploadChanged(queue, text(row, 'id'))
    return applied
  })
}

/** A growing file goes by another name now. A row that was begun for that name meanwhile gives way. */
export function renameGrowing(queue: Queue, upload: StoredUpload, path: string, watchFolder: string): void {
  queue.transact(() => {
    const begun = findByPath(queue, path)
    if (begun !== null && begun.id !== upload.id) {
      applyUploadEvent(queue, begun.id, { kind: 'cleared', reason: 'sourceDeleted' })
      queue.sql('UPDATE files SET path = ? WHERE id = ?').run(upload.source.path, begun.source.fileId)
    }
    queue.sql('UPDATE files SET path = ?, watch_folder = ? WHERE id = ?').run(path, watchFolder, upload.source.fileId)
    queue.sql('UPDATE uploads SET name = ? WHERE id = ?').run(clipNameOf(path), upload.id)
  })
}

export type Rested = {
  source: SourceFacts
  captured: Capture
  outcome: { kind: 'queued' } | { kind: 'held'; reason: HeldReason } | { kind: 'refused'; reason: RefusedReason }
}

/** A growing file has come to rest: stores what it is now and queues, holds or refuses it. */
export function recordRested(queue: Queue, upload: StoredUpload, { source, captured, outcome }: Rested): Applied {
  return queue.transact(() => {
    updateSource(queue, upload.source.fileId, source)
    const { changes } = queue
      .sql("UPDATE uploads SET size_bytes = ?, adopt_source = 0 WHERE id = ? AND state = 'growing'")
      .run(source.sizeBytes, upload.id)
    if (changes > 0) storeCapture(queue, upload.id, captured)
    return applyUploadEvent(
      queue,
      upload.id,
      outcome.kind === 'refused'
        ? { kind: 'refused', reason: outcome.reason }
        : { kind: 'rested', hold: outcome.kind === 'held' ? outcome.reason : null },
    )
  })
}

/**
 * Another file lies where that of an upload was, or its bytes are others: nothing that was sent of it may be joined with it. The upload has
 * failed, and a retry takes the file as it is now, with the instant at which that one was captured.
 */
export function recordOtherFile(
  queue: Queue,
  upload: StoredUpload,
  { source, captured }: Pick<Rested, 'source' | 'captured'>,
): void {
  queue.transact(() => {
    const isShorter = source.sizeBytes < upload.source.sizeBytes
    const reason = isShorter ? 'sourceTruncated' : 'sourceChanged'
    const message = `the file was ${isShorter ? 'truncated' : 'written'}`
    const error: UploadError = { class: 'file', code: 'SOURCE_CHANGED', message }
    applyUploadEvent(queue, upload.id, { kind: 'failed', reason, error })
    updateSource(queue, upload.source.fileId, source)
    const { changes } = queue
      .sql("UPDATE uploads SET size_bytes = ?, bytes_lost = 0 WHERE id = ? AND state = 'failed'")
      .run(source.sizeBytes, upload.id)
    if (changes > 0) storeCapture(queue, upload.id, captured)
    appendUploadChanged(queue, upload.id)
  })
}

/** The file of an upload that was cancelled or cleared while it grew is complete: a retry takes it as it is now. */
export function recordLeftOut(
  queue: Queue,
  upload: StoredUpload,
  { source, captured }: Pick<Rested, 'source' | 'captured'>,
): void {
  queue.transact(() => {
    // Whatever was sent of it is not what lies there now.
    applyUploadEvent(queue, upload.id, { kind: 'takenAnew' })
    updateSource(queue, upload.source.fileId, source)
    const { changes } = queue
      .sql("UPDATE uploads SET size_bytes = ?, bytes_lost = 0 WHERE id = ? AND state IN ('cancelled', 'cleared')")
      .run(source.sizeBytes, upload.id)
    if (changes > 0) storeCapture(queue, upload.id, captured)
    appendUploadChanged(queue, upload.id)
  })
}

/** Lets uploads go on whose volume is there again. */
export function resumeVolume(queue: Queue, volumeId: string): number {
  return queue.transact(
    () =>
      queue
        .sql(
          "SELECT u.id FROM uploads u JOIN files f ON f.id = u.file_id WHERE u.state = 'waiting' AND u.reason = 'sourceRemoved' AND f.volume_id = ?",
        )
        .all(volumeId)
        .filter((row) => applyUploadEvent(queue, text(row, 'id'), { kind: 'waitEnded' }).kind === 'moved').length,
  )
}

/** Uploads whose file has not come to rest, or is sent while it grows, a page of them after `afterSeq`. */
export function growingUploads(queue: Queue, afterSeq: number, limit: number): StoredUpload[] {
  return queue
    .sql(
      `SELECT ${uploadColumns} FROM uploads u JOIN files f ON f.id = u.file_id WHERE (u.state = 'growing' OR u.id IN (SELECT upload_id FROM growths WHERE phase <> 'sent')) AND u.seq > ? ORDER BY u.seq LIMIT ?`,
    )
    .all(afterSeq, limit)
    .map((row) => readUpload(row))
}

/** States in which an upload is until somebody or something lets it go on. */
export type ResumableState = 'held' | 'failed' | 'waiting'

/** Uploads in this state, a page of them after `afterSeq`. */
export function uploadsInState(queue: Queue, state: ResumableState, afterSeq: number, limit: number): StoredUpload[] {
  return queue
    .sql(
      `SELECT ${uploadColumns} FROM uploads u INDEXED BY uploads_state JOIN files f ON f.id = u.file_id WHERE u.state = ? AND u.seq > ? ORDER BY u.seq LIMIT ?`,
    )
    .all(state, afterSeq, limit)
    .map((row) => readUpload(row))
}

function firstWhere(queue: Queue, condition: string, ...values: (string | null)[]): StoredUpload | null {
  const row = queue
    .sql(`SELECT ${uploadColumns} FROM files f JOIN uploads u ON u.file_id = f.id WHERE ${condition} LIMIT 1`)
    .get(...values)
  return row === undefined ? null : readUpload(row)
}
