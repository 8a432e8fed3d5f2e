import type { HeldReason, RefusedReason } from '@rushes/upload-core'
import type { NewFile } from './add-upload.ts'
import { type Applied, applyUploadEvent } from './apply-upload-event.ts'
import type { Queue } from './open-queue.ts'
import { readUpload, type StoredUpload, uploadColumns } from './stored-upload.ts'

/** The newest upload of the file that was known under this path; null when none was. */
export function findByPath(queue: Queue, path: Buffer): StoredUpload | null {
  const row = queue
    .sql(
      `SELECT ${uploadColumns} FROM files f JOIN uploads u ON u.file_id = f.id WHERE f.path = ? ORDER BY u.seq DESC LIMIT 1`,
    )
    .get(path)
  return row === undefined ? null : readUpload(row)
}

/** The newest upload of the file with this inode on this volume, under whatever path; null when none is known. */
export function findByInode(queue: Queue, volumeId: string, inode: string): StoredUpload | null {
  const row = queue
    .sql(
      `SELECT ${uploadColumns} FROM files f JOIN uploads u ON u.file_id = f.id WHERE f.volume_id = ? AND f.inode = ? ORDER BY u.seq DESC LIMIT 1`,
    )
    .get(volumeId, inode)
  return row === undefined ? null : readUpload(row)
}

/** The same file is found under another name, or with other dates: the upload follows it. */
export function updateWhereabouts(
  queue: Queue,
  fileId: number,
  file: Pick<NewFile, 'path' | 'shownPath' | 'watchFolder' | 'volumeId' | 'inode' | 'modifiedUs'>,
): void {
  queue
    .sql(
      'UPDATE files SET path = ?, shown_path = ?, watch_folder = ?, volume_id = ?, inode = ?, modified_us = ? WHERE id = ?',
    )
    .run(file.path, file.shownPath, file.watchFolder, file.volumeId, file.inode, file.modifiedUs, fileId)
}

export type Rested = {
  file: NewFile
  capturedAt: number
  outcome: { kind: 'queued' } | { kind: 'held'; reason: HeldReason } | { kind: 'refused'; reason: RefusedReason }
}

/** A growing file has rested: stores what it is now and queues, holds or refuses it. */
export function recordRested(queue: Queue, upload: StoredUpload, { file, capturedAt, outcome }: Rested): Applied {
  return queue.transact(() => {
    queue
      .sql(
        `UPDATE files SET path = ?, shown_path = ?, volume_id = ?, inode = ?, size_bytes = ?, modified_us = ?, head_xxh64 = ?, tail_xxh64 = ?,
            growth_seen_at = ? WHERE id = ?`,
      )
      .run(
        ...[file.path, file.shownPath, file.volumeId, file.inode, file.sizeBytes, file.modifiedUs],
        ...[file.headXxh64, file.tailXxh64, file.growthSeenAt, upload.source.fileId],
      )
    queue
      .sql("UPDATE uploads SET size_bytes = ?, captured_at = ? WHERE id = ? AND state = 'growing'")
      .run(file.sizeBytes, capturedAt, upload.id)
    return applyUploadEvent(
      queue,
      upload.id,
      outcome.kind === 'refused'
        ? { kind: 'refused', reason: outcome.reason }
        : { kind: 'rested', hold: outcome.kind === 'held' ? outcome.reason : null },
    )
  })
}
