import { type Database, deviceUploads } from '@rushes/db'
import type { UploadReport } from '@rushes/protocol'
import { replaceUpload, uploadDiffers, uploadValues } from './upload-values.ts'

/** Stores uploads as a device just told of them, in one statement; of one upload told twice, the last. */
export async function storeUploads(
  db: Database,
  input: { deviceId: string; uploads: readonly UploadReport[] },
): Promise<void> {
  const last = new Map(input.uploads.map((upload) => [upload.id, uploadValues(input.deviceId, upload)]))
  if (last.size === 0) return
  await db
    .insert(deviceUploads)
    .values([...last.values()])
    .onConflictDoUpdate({
      target: [deviceUploads.deviceId, deviceUploads.uploadId],
      set: replaceUpload,
      setWhere: uploadDiffers,
    })
}
