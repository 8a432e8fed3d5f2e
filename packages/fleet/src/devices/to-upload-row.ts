import type { deviceUploads } from '@rushes/db'
import type { UploadRow } from './upload-row.ts'

/** A stored upload, and what is wrong with its stored bytes, as the browser reads them. */
export function toUploadRow({
  upload: stored,
  mismatchBecause,
}: {
  upload: typeof deviceUploads.$inferSelect
  mismatchBecause: UploadRow['mismatchBecause']
}): UploadRow {
  return {
    id: stored.uploadId,
    path: stored.path,
    sizeBytes: stored.sizeBytes,
    capturedAt: stored.capturedAt?.toISOString() ?? null,
    projectId: stored.projectId,
    state: stored.state,
    reason: stored.reason,
    partsDone: stored.partsDone,
    partsTotal: stored.partsTotal,
    bytesAcknowledged: stored.bytesAcknowledged,
    bytesLost: stored.bytesLost,
    attempts: stored.attempts,
    error: stored.errorCode === null ? null : { code: stored.errorCode, message: stored.errorMessage ?? '' },
    assetId: stored.assetId,
    nextAttemptAt: stored.nextAttemptAt?.toISOString() ?? null,
    updatedAt: stored.updatedAt.toISOString(),
    receivedAt: stored.receivedAt.toISOString(),
    vanishedAt: stored.vanishedAt?.toISOString() ?? null,
    mismatchBecause,
  }
}
