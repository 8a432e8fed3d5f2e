import type { GrowingFile } from '../capture/capture-port.ts'
import { findGrowth } from '../queue/growths.ts'
import { findByPath } from '../queue/known-files.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'

/** Cards of one camera hold files of the same names: what happens on one says nothing of a clip on another, which waits for its own. */
export const isElsewhere = ({ source }: StoredUpload, volumeId: string): boolean =>
  source.volumeId !== '' && source.volumeId !== volumeId

/** Whether the row still stands for the file at its path, so that no second one is made. */
export function isStillToCome({ state }: StoredUpload): boolean {
  switch (state.kind) {
    case 'growing':
    case 'queued':
    case 'registering':
    case 'uploading':
    case 'waiting':
    case 'held':
    case 'failed':
      return true
    default:
      return false
  }
}

/**
 * Cameras begin their names again on each card that they format, and some recorders have only one: what was seen to begin after the row of its path
 * was made is another take. Of anything else that changes there, only what comes of it in the end is worth a row.
 */
export function hasNoRow(queue: Queue, file: GrowingFile): boolean {
  const known = findByPath(queue, file.path, file.volumeId)
  if (known === null || isElsewhere(known, file.volumeId)) return true
  if (isStillToCome(known) || findGrowth(queue, known.id) !== null) return false
  return file.sawBegin && file.since > known.createdAt
}
