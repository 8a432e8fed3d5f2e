import { randomUUID } from 'node:crypto'
import { ListMultipartUploadsCommand, S3ServiceException } from '@aws-sdk/client-s3'
import { StartError } from '../../start-error.ts'
import { nameOfStore, type S3Address } from '../address.ts'
import type { Bucket } from './bucket.ts'
import { listParts } from './list-parts.ts'
import { abortUpload, createUpload } from './multipart.ts'
import { s3Code } from './s3-errors.ts'
import { signParts } from './sign-parts.ts'
import { headObject } from './stored-object.ts'

const filetype = 'application/octet-stream'
const probeMs = 5_000
const maxTries = 3

/**
 * Finds out at the start what would otherwise fail with the first clip: opens an upload, sends one byte as a device would, sees it
 * listed, and takes it away.
 *
 * @throws StartError `storeUnreachable`, `storeUnusable`
 */
export async function proveBucket(bucket: Bucket, address: S3Address, now: Date): Promise<void> {
  const key = `probe-${randomUUID()}`
  try {
    await bucket.client.send(new ListMultipartUploadsCommand({ Bucket: bucket.name, MaxUploads: 1 }))
    await headObject(bucket, key)
    const uploadId = await createUpload(bucket, key, filetype)
    try {
      const part = { number: 1, generation: 1, sizeBytes: 1 }
      const [url = ''] = await signParts(bucket, { key, uploadId, filetype }, [part], now)
      await putByteSoon(url)
      const [listed] = (await listParts(bucket, { key, uploadId })) ?? []
      if (listed?.sizeBytes !== 1) throw new Error('a part that was sent to a signed address is not listed')
    } finally {
      await abortUpload(bucket, key, uploadId)
    }
  } catch (cause) {
    throw startError(address, cause)
  }
}

/** A connection that is kept from before may be stuck: a try that hears nothing is made again on a new one. */
async function putByteSoon(url: string): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      return await putByte(url)
    } catch (error) {
      const heardNothing = error instanceof Error && error.name === 'TimeoutError'
      if (!heardNothing || tries >= maxTries) throw error
    }
}

/** With the headers that devices send, and as they do without keys. */
async function putByte(url: string): Promise<void> {
  const reply = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': filetype, 'x-amz-acl': 'private' },
    body: 'x',
    signal: AbortSignal.timeout(probeMs),
  })
  const text = await reply.text()
  if (!reply.ok)
    throw new Error(`a signed address was refused with ${reply.status} ${/<Code>(\w+)</.exec(text)?.[1] ?? ''}`)
}

const reasons: Readonly<Record<string, [problem: string, hint: string]>> = {
  NoSuchBucket: ['there is no such bucket', 'Create it, or name another one in OBJECT_STORE_URL'],
  InvalidAccessKeyId: ['the access key is not known there', 'Set AWS_ACCESS_KEY_ID to a key of this store'],
  SignatureDoesNotMatch: ['the secret key does not belong to the access key', 'Set AWS_SECRET_ACCESS_KEY'],
  AccessDenied: [
    'the access key may not do what ingest needs',
    'Allow s3:ListBucket, s3:ListBucketMultipartUploads, s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts on it',
  ],
  PermanentRedirect: ['the bucket is in another region', 'Set region=… in OBJECT_STORE_URL'],
  AuthorizationHeaderMalformed: ['the bucket is in another region', 'Set region=… in OBJECT_STORE_URL'],
  ExpiredToken: ['the keys have run out', 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to keys that last'],
}
const codeByStatus: Readonly<Record<number, string>> = { 301: 'PermanentRedirect', 403: 'AccessDenied' }

function startError(address: S3Address, cause: unknown): StartError {
  const where = `the ${nameOfStore(address)}`
  const code = s3Code(cause)
  const known = code === null ? undefined : (reasons[code] ?? reasons[codeByStatus[statusOf(cause)] ?? ''])
  if (known !== undefined)
    return new StartError('storeUnusable', `${where} cannot be used: ${known[0]}`, known[1], cause)
  const text = cause instanceof Error ? cause.message || cause.name : String(cause)
  if (code !== null || !isNetwork(cause))
    return new StartError(
      'storeUnusable',
      `${where} cannot be used: ${[code, text].filter(Boolean).join(' ')}`,
      'See the log of the store',
      cause,
    )
  return new StartError(
    'storeUnreachable',
    `${where} cannot be reached: ${text}`,
    'Look whether the store runs and whether endpoint and region of OBJECT_STORE_URL are right',
    cause,
  )
}

const statusOf = (error: unknown): number =>
  error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0

/** Failures of connections carry the code of a system call, or are named after the time that ran out. */
function isNetwork(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && /^E[A-Z_]+$|^UND_ERR|CERT|SSL|TLS/.test(cause.code))
      return true
    if (cause.name === 'TimeoutError' || cause.name === 'NetworkingError') return true
  }
  return false
}
