import { deviceUploads } from '@rushes/db'
import type { UploadReport } from '@rushes/protocol'
import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import { storableText } from './storable.ts'

/** What a device told of an upload, as it is stored. */
export function uploadValues(deviceId: string, upload: UploadReport): typeof deviceUploads.$inferInsert {
  return {
    deviceId,
    uploadId: storableText(upload.id),
    path: storableText(upload.path),
    sizeBytes: upload.sizeBytes,
    capturedAt: upload.capturedAt === null ? null : new Date(upload.capturedAt),
    projectId: upload.projectId === null ? null : storableText(upload.projectId),
    state: upload.state,
    reason: upload.reason,
    partsDone: upload.partsDone,
    partsTotal: upload.partsTotal,
    bytesAcknowledged: upload.bytesAcknowledged,
    bytesLost: upload.bytesLost ?? 0,
    attempts: upload.attempts,
    errorCode: upload.error === null ? null : storableText(upload.error.code),
    errorMessage: upload.error === null ? null : storableText(upload.error.message),
    assetId: upload.assetId === null ? null : storableText(upload.assetId),
    nextAttemptAt: upload.nextAttemptAt === null ? null : new Date(upload.nextAttemptAt),
    updatedAt: new Date(upload.updatedAt),
  }
}

const { deviceId: _deviceId, uploadId: _uploadId, receivedAt: _receivedAt, ...told } = getTableColumns(deviceUploads)

/** `set` of an upsert: everything that the device told, and when it was heard. */
export const replaceUpload: Record<string, SQL> = {
  ...Object.fromEntries(Object.entries(told).map(([key, column]) => [key, sql.raw(`excluded."${column.name}"`)])),
  receivedAt: sql`clock_timestamp()`,
}

/** `where` of an upsert: rows that are as they were are not written again, so that a reconnect costs reading alone. */
export const uploadDiffers: SQL = sql`(${sql.join(Object.values(told), sql`, `)}) is distinct from (${sql.raw(
  Object.values(told)
    .map((column) => `excluded."${column.name}"`)
    .join(', '),
)})`
