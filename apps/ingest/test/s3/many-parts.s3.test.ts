import { UploadPartCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { openBucket } from '../../src/store/s3/bucket.ts'
import { listParts } from '../../src/store/s3/list-parts.ts'
import { abortUpload, createUpload } from '../../src/store/s3/multipart.ts'
import { createTestBucket } from '../support/test-bucket.ts'

/** Buckets list a thousand parts at a time, of up to ten thousand: three pages, up to the highest number. */
const numbers = [1, ...Array.from({ length: 2_000 }, (_, i) => (i + 1) * 5)]
const atOnce = 16

test('thousands of parts of an upload are all listed, in order of their numbers, with gaps, and with the sizes that they have', async () => {
  const own = await createTestBucket()
  const bucket = openBucket(own.config, () => new Date())
  try {
    const key = 'clips/many'
    const uploadId = await createUpload(bucket, key, 'video/mp4')
    // The other way round: what is listed is in order by itself.
    const waiting = numbers.toReversed().values()
    const send = async () => {
      for (const number of waiting)
        await bucket.client.send(
          new UploadPartCommand({
            Bucket: bucket.name,
            Key: key,
            UploadId: uploadId,
            PartNumber: number,
            Body: Buffer.alloc((number % 7) + 1),
          }),
        )
    }
    await Promise.all(Array.from({ length: atOnce }, send))

    const listed = (await listParts(bucket, { key, uploadId })) ?? []
    expect(listed.map((part) => part.number)).toEqual(numbers)
    expect(listed.filter((part) => part.sizeBytes !== (part.number % 7) + 1)).toEqual([])
    expect(new Set(listed.map((part) => part.etag)).size).toBe(7)

    expect(await abortUpload(bucket, key, uploadId)).toBe(true)
    expect(await listParts(bucket, { key, uploadId })).toBeNull()
  } finally {
    bucket.client.destroy()
    await own.drop()
  }
}, 600_000)
