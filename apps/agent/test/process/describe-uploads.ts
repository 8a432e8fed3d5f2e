import { basename } from 'node:path'
import type { ListedUpload } from '../../src/local-api/operations.ts'

/** Of a record of a run often only the first lines are kept: those tell of these. */
const maxLines = 12

/** The queue in a few lines: each upload that is still to move, then how many have come to their end. */
export function describeUploads(uploads: readonly ListedUpload[]): string {
  if (uploads.length === 0) return 'the queue is empty'
  const isOver = ({ state }: ListedUpload) => state === 'cleared' || state === 'verified'
  const open = uploads.filter((upload) => !isOver(upload))
  const counts = Map.groupBy(uploads.filter(isOver), ({ state }) => state)
  return [
    ...open.slice(0, maxLines).map(describeUpload),
    ...(open.length > maxLines ? [`and ${open.length - maxLines} more that are not home`] : []),
    ...[...counts].map(([state, { length }]) => `${length} ${state}`),
  ].join('\n')
}

function describeUpload(upload: ListedUpload): string {
  const { path, state, reason, sizeBytes, partsDone, partsTotal, attempts, error, nextAttemptAt } = upload
  const { capturedAt, updatedAt, projectId } = upload
  return [
    `${basename(path)} ${state}${reason === null ? '' : ` (${reason})`}`,
    `${sizeBytes} bytes, ${partsDone} of ${partsTotal} parts, ${attempts} attempts`,
    ...(nextAttemptAt === null ? [] : [`next at ${nextAttemptAt}`]),
    ...(error === null ? [] : [`${error.code}: ${error.message}`]),
    `captured ${capturedAt}, since ${updatedAt}, ${projectId}`,
  ].join(', ')
}
