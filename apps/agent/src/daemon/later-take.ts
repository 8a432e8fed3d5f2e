import type { GrowingFile } from '../capture/capture-port.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'

/** When a growing file began: as this agent saw, else as its file system tells; null where nobody knows. */
export const beganAt = ({ since, sawBegin, bornAt }: GrowingFile): number | null =>
  sawBegin ? since : bornAt !== null && bornAt <= since ? bornAt : null

/**
 * Whether a file that began at `at` is another take than the one that a row was made for, though it has its name and may have its inode: file systems
 * give that of a deleted file to the next. What a pause keeps back would else go up with the time of capture of one from before it.
 */
export const isLaterTake = ({ capturedAt, createdAt }: StoredUpload, at: number | null): boolean =>
  at !== null && capturedAt !== null && at > Math.max(capturedAt, createdAt)
