import { setTimeout as wait } from 'node:timers/promises'
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import type { StoredObject } from '../port.ts'
import type { Bucket } from './bucket.ts'
import { isAbsent, s3Code } from './s3-errors.ts'

const maxResumes = 3
const resumeDelayMs = 200

/** Opens an object for reading; null when there is none of this key. */
export async function openObject(bucket: Bucket, key: string): Promise<StoredObject | null> {
  const found = await headObject(bucket, key)
  if (found === null) return null
  const { sizeBytes, etag } = found
  return {
    sizeBytes,
    async *read(start, end) {
      const stop = Math.min(end, sizeBytes)
      let at = start
      for (let resumes = 0; at < stop; resumes++) {
        if (resumes > 0) await wait(resumeDelayMs * 2 ** resumes * (0.5 + Math.random() / 2))
        try {
          for await (const chunk of await bytesOf(bucket, { key, etag, start: at, end: stop })) {
            at += chunk.length
            yield chunk
          }
          // A connection that ends early without an error is as broken as one with it.
          if (at < stop && resumes >= maxResumes) throw new Error('the bucket ended a range early')
        } catch (error) {
          if (s3Code(error) !== null || resumes >= maxResumes) throw error
        }
      }
    },
    close: async () => undefined,
  }
}

/** Size and ETag of an object; null when there is none. */
export async function headObject(bucket: Bucket, key: string): Promise<{ sizeBytes: number; etag: string } | null> {
  try {
    const head = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: key }))
    return { sizeBytes: head.ContentLength ?? 0, etag: head.ETag ?? '' }
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

async function bytesOf(
  bucket: Bucket,
  range: { key: string; etag: string; start: number; end: number },
): Promise<AsyncIterable<Uint8Array>> {
  const { Body } = await bucket.client.send(
    new GetObjectCommand({
      Bucket: bucket.name,
      Key: range.key,
      Range: `bytes=${range.start}-${range.end - 1}`,
      // Somebody who puts another object in its place must not be read as the rest of this one.
      ...(range.etag === '' ? {} : { IfMatch: range.etag }),
    }),
  )
  if (!isByteStream(Body)) throw new Error('the bucket answered a range without bytes')
  return Body
}

/** In Node.js a body is a stream of buffers; the type of the SDK allows for browsers too. */
const isByteStream = (body: unknown): body is AsyncIterable<Uint8Array> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body
