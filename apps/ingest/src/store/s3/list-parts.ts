import { ListPartsCommand } from '@aws-sdk/client-s3'
import type { Bucket } from './bucket.ts'
import { isAbsent } from './s3-errors.ts'

export type ListedPart = { number: number; sizeBytes: number; etag: string }

/** What a bucket has of a multipart upload, in order of the numbers; null when it has no such upload (any more). */
export async function listParts(
  bucket: Bucket,
  upload: { key: string; uploadId: string },
): Promise<ListedPart[] | null> {
  const parts: ListedPart[] = []
  try {
    for (let after: string | undefined; ; ) {
      const page = await bucket.client.send(
        new ListPartsCommand({
          Bucket: bucket.name,
          Key: upload.key,
          UploadId: upload.uploadId,
          ...(after === undefined ? {} : { PartNumberMarker: after }),
        }),
      )
      for (const { PartNumber, Size, ETag } of page.Parts ?? [])
        if (PartNumber !== undefined && Size !== undefined && ETag !== undefined)
          parts.push({ number: PartNumber, sizeBytes: Size, etag: ETag })
      const next = page.NextPartNumberMarker
      // A marker that stays where it is would be asked for without end.
      if (page.IsTruncated !== true || next === undefined || next === after) return parts
      after = next
    }
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}
