import { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3'
import type { AssemblingAsset } from '@rushes/fleet'
import type { PublishOutcome } from '../port.ts'
import type { Bucket } from './bucket.ts'
import { listParts } from './list-parts.ts'
import { isAbsent, s3Code } from './s3-errors.ts'
import { headObject } from './stored-object.ts'

/** What a bucket says of parts that it will never take, whoever asks again. */
const refusals = new Set(['EntityTooSmall', 'InvalidPartOrder', 'EntityTooLarge', 'InvalidRequest', 'InvalidArgument'])

/** A part may be replaced between the list and the call; then the call names an ETag that is no more. */
const maxTries = 3

/**
 * Makes one object of a multipart upload. Parts are named by the ETags that the bucket lists at this moment, so what is assembled
 * was there with the registered sizes. `gone`: there is neither the upload nor the object.
 */
export async function completeUpload(
  bucket: Bucket,
  key: string,
  uploadId: string,
  asset: AssemblingAsset,
): Promise<PublishOutcome | { kind: 'gone' }> {
  for (let tries = 1; ; tries++) {
    const listed = await listParts(bucket, { key, uploadId })
    // Completed before, and the reply was lost or came to somebody else: the object tells.
    if (listed === null) return published(bucket, key, asset.sizeBytes)
    const byNumber = new Map(listed.map((part) => [part.number, part]))
    const named: { PartNumber: number; ETag: string }[] = []
    for (const part of asset.parts) {
      const there = byNumber.get(part.number)
      if (there?.sizeBytes !== part.sizeBytes) {
        const bytes = there === undefined ? 'is not there' : `has ${there.sizeBytes} bytes`
        return { kind: 'bytesLost', detail: `Part ${part.number} of ${part.sizeBytes} bytes ${bytes} in the bucket` }
      }
      named.push({ PartNumber: part.number, ETag: there.etag })
    }
    try {
      await bucket.client.send(
        new CompleteMultipartUploadCommand({
          Bucket: bucket.name,
          Key: key,
          UploadId: uploadId,
          MultipartUpload: { Parts: named },
        }),
      )
      return published(bucket, key, asset.sizeBytes)
    } catch (error) {
      const code = s3Code(error)
      if (isAbsent(error)) return published(bucket, key, asset.sizeBytes)
      if (code !== null && refusals.has(code))
        return { kind: 'refused', detail: `The bucket does not join the parts: ${code}` }
      if (code !== 'InvalidPart' || tries >= maxTries) throw error
    }
  }
}

/** What stands at the key of a clip that is complete, or was. */
export async function published(
  bucket: Bucket,
  key: string,
  sizeBytes: number,
): Promise<PublishOutcome | { kind: 'gone' }> {
  const object = await headObject(bucket, key)
  if (object === null) return { kind: 'gone' }
  return object.sizeBytes === sizeBytes
    ? { kind: 'published', key }
    : { kind: 'bytesLost', detail: `The object has ${object.sizeBytes} of ${sizeBytes} bytes` }
}
