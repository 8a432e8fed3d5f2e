import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
} from '@aws-sdk/client-s3'
import type { Bucket } from './bucket.ts'
import { listParts } from './list-parts.ts'
import { isAbsent } from './s3-errors.ts'

/** Opens a multipart upload. Its object is private; the type is for whoever looks into the bucket by other means. */
export async function createUpload(bucket: Bucket, key: string, filetype: string): Promise<string> {
  const made = await bucket.client.send(
    new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: key, ContentType: filetype }),
  )
  if (made.UploadId === undefined) throw new Error('the bucket opened an upload without an id')
  return made.UploadId
}

/** Ids of the uploads that a bucket has under one key: what a crash before the id was written down has left. */
export async function uploadsOf(bucket: Bucket, key: string): Promise<string[]> {
  const page = await bucket.client.send(new ListMultipartUploadsCommand({ Bucket: bucket.name, Prefix: key }))
  return (page.Uploads ?? []).flatMap((upload) =>
    upload.Key === key && upload.UploadId !== undefined ? [upload.UploadId] : [],
  )
}

/**
 * Ends an upload and frees what it holds. A part that arrives at this moment may outlast it.
 *
 * @returns false when something is left: to be done again later
 */
export async function abortUpload(bucket: Bucket, key: string, uploadId: string): Promise<boolean> {
  try {
    await bucket.client.send(new AbortMultipartUploadCommand({ Bucket: bucket.name, Key: key, UploadId: uploadId }))
  } catch (error) {
    if (isAbsent(error)) return true
    throw error
  }
  return (await listParts(bucket, { key, uploadId })) === null
}
