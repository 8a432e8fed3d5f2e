import { randomUUID, randomUUIDv7 } from 'node:crypto'
import {
  freshRegistration,
  freshWork,
  type HeldReason,
  type RefusedReason,
  type UploadState,
} from '@rushes/upload-core'
import { captureAt } from './capture-clock.ts'
import type { Queue } from './open-queue.ts'
import { appendUploadChanged } from './outbox.ts'
import { type StoredSource, stateColumns } from './stored-upload.ts'

/** A file as it is taken into the queue. */
export type NewFile = Omit<StoredSource, 'fileId'>

export type NewUpload = {
  file: NewFile
  name: string
  mimeType: string
  channel: number
  capturedAt: number | null
  /** Whether, of its class, it goes before older files instead of after them. */
  newestFirst?: boolean
  entry:
    | { kind: 'growing' }
    | { kind: 'queued' }
    | { kind: 'held'; reason: HeldReason }
    | { kind: 'refused'; reason: RefusedReason }
}

/** Adds a file to the queue under the project of the moment, and returns the id of its upload. Durable when it returns. */
export function addUpload(queue: Queue, upload: NewUpload): string {
  const { file, name, mimeType, channel, capturedAt, newestFirst = false, entry } = upload
  return queue.transact(() => {
    const fileId = insertFile(queue, file)
    // Ids in the order of time: what is kept by upload then lies side by side, and one commit writes fewer pages.
    const id = randomUUIDv7()
    const columns = stateColumns(entryState(entry))
    const inBoot = capturedAt === null ? null : captureAt(queue, capturedAt).inBoot
    queue
      .sql(
        `INSERT INTO uploads (id, project_id, file_id, name, mime_type, channel, size_bytes, captured_at, captured_boot_id, captured_uptime_ms, newest_first, state, reason, step, create_key, created_at, updated_at)
          VALUES (?, (SELECT project_id FROM upload_link), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[id, fileId, name, mimeType, channel, file.sizeBytes, capturedAt],
        ...[inBoot?.bootId ?? null, inBoot?.uptimeMs ?? null, newestFirst ? 1 : 0],
        ...[columns.state, columns.reason, columns.step, randomUUID(), queue.now(), queue.now()],
      )
    appendUploadChanged(queue, id)
    queue.tell({ kind: 'work' })
    return id
  })
}

function entryState(entry: NewUpload['entry']): UploadState {
  switch (entry.kind) {
    case 'growing':
      return { kind: 'growing' }
    case 'queued':
      return { kind: 'queued', registration: freshRegistration }
    case 'held':
      return { kind: 'held', reason: entry.reason, work: freshWork }
    case 'refused':
      return { kind: 'refused', reason: entry.reason }
  }
}

function insertFile(queue: Queue, file: NewFile): number {
  const { lastInsertRowid } = queue
    .sql(
      `INSERT INTO files (path, watch_folder, volume_id, inode, inode_is_stable, size_bytes, modified_us, identity_key, stat_key)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      ...[file.path, file.watchFolder, file.volumeId, file.inode, file.inodeIsStable ? 1 : 0],
      ...[file.sizeBytes, file.modifiedUs, file.identityKey, file.statKey],
    )
  return Number(lastInsertRowid)
}
