import type { GrowingFile } from '../capture/capture-port.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'

/** When a growing file began: as this agent saw, else as its file system tells; null where nobody knows. */
export const beganAt = ({ since, sawBegin, bornAt }: GrowingFile): number | null =>
  sawBegin ? since : bornAt !== null && bornAt <= since ? bornAt : null

/**
 * Whether a file that was seen to begin at `seenAt`, and made at `bornAt` by its file system, is another take than the one that a row was made for,
 * though it has its name and may have its inode: file systems give that of a deleted file to the next. What a pause keeps back would else go up with
 * the time of capture of one from before it. A file that was renamed is seen to begin, but was born before; null: not known.
 */
export function isLaterTake(row: StoredUpload, seenAt: number | null, bornAt: number | null): boolean {
  const { capturedAt, createdAt } = row
  if (capturedAt === null || (seenAt ?? bornAt) === null) return false
  return [seenAt, bornAt].every((at) => at === null || at > Math.max(capturedAt, createdAt))
}
