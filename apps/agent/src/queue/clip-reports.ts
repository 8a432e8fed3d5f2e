import type { Queue } from './open-queue.ts'
import { integer, text, textOrNull } from './row.ts'
import { readError, type StoredError } from './stored-errors.ts'
import { readUpload, type StoredUpload, uploadColumns } from './stored-upload.ts'

/** A clip as the queue holds it. `isGrowing`: its recorder has not finished. `isUploaded`: all of it has arrived. */
export type ClipBelow = { upload: StoredUpload; isGrowing: boolean; isUploaded: boolean }

/**
 * The clips whose files lie below a folder, a page of them in the order of their paths; of each path the newest. Not those that the queue
 * has let go (`cleared`) or never took (`refused`).
 */
export function clipsBelow(queue: Queue, folder: string, afterPath: string | null, limit: number): ClipBelow[] {
  return queue
    .sql(
      `SELECT ${uploadColumns}, u.state = 'growing' OR g.phase IS 'open' AS is_growing, u.state IN ('uploaded', 'verified') AS is_uploaded
        FROM files f JOIN uploads u ON u.file_id = f.id LEFT JOIN growths g ON g.upload_id = u.id
        WHERE f.path > ? AND f.path < ? AND u.state NOT IN ('cleared', 'refused')
          AND NOT EXISTS (SELECT 1 FROM files o JOIN uploads n ON n.file_id = o.id
            WHERE o.path = f.path AND n.seq > u.seq AND n.state NOT IN ('cleared', 'refused'))
        ORDER BY f.path LIMIT ?`,
    )
    .all(afterPath ?? `${folder}/`, `${folder}0`, limit) // `0` follows `/`
    .map((row) => ({
      upload: readUpload(row),
      isGrowing: row.is_growing === 1,
      isUploaded: row.is_uploaded === 1,
    }))
}

export type StoredPart = {
  number: number
  offset: number
  sizeBytes: number
  state: string
  attempts: number
  xxh64: string | null
  error: StoredError | null
}

/** The parts of an upload, by their numbers. */
export function partsOf(queue: Queue, uploadId: string): StoredPart[] {
  return queue
    .sql('SELECT * FROM parts WHERE upload_id = ? ORDER BY number')
    .all(uploadId)
    .map((row) => ({
      number: integer(row, 'number'),
      offset: integer(row, 'offset'),
      sizeBytes: integer(row, 'size_bytes'),
      state: text(row, 'state'),
      attempts: integer(row, 'attempts'),
      xxh64: textOrNull(row, 'xxh64'),
      error: readError(row),
    }))
}
