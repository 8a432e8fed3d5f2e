import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { inject } from 'vitest'
import type { StoreConfig } from '../../src/store/address.ts'

export type S3Server = { endpoint: string; accessKeyId: string; secretAccessKey: string }

/** Declared where the server is started, which apps do not know. */
declare module 'vitest' {
  export interface ProvidedContext {
    s3Server: S3Server | null
  }
}

type S3Config = Extract<StoreConfig, { kind: 's3' }>

/** A bucket of a suite's own, and a look into it past the store under test. */
export type TestBucket = {
  config: S3Config
  client: S3Client
  read(key: string): Promise<Buffer<ArrayBuffer>>
  sizeOf(key: string): Promise<number>
  keys(): Promise<string[]>
  /** Ids of the multipart uploads under a key. */
  openUploads(key: string): Promise<string[]>
  /** Numbers of the parts of what is open under a key, or nothing. */
  partNumbers(key: string): Promise<number[]>
  /** Ends them, as a rule of the bucket or a person would. */
  abortAll(key: string): Promise<void>
  drop(): Promise<void>
}

/** Whether this run's stores are buckets. */
export const onS3 = (): boolean => serverOfRun() !== null

function serverOfRun(): S3Server | null {
  // Not provided at all in runs on folders, whatever its type says.
  const server: unknown = inject('s3Server')
  return server === undefined ? null : inject('s3Server')
}

/**
 * @param through gives an address that stands between the store under test and the bucket's server
 * @param server left out: the one of the test run
 */
export async function createTestBucket(
  through?: (endpoint: string) => Promise<string>,
  server: S3Server | null = serverOfRun(),
): Promise<TestBucket> {
  if (server === null) throw new Error('this run has no S3 server')
  const { endpoint, ...credentials } = server
  const bucket = `test-${crypto.randomUUID()}`
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  const keys = async () => {
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
    return (page.Contents ?? []).flatMap((object) => object.Key ?? [])
  }
  const openUploads = async (key: string) => {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }))
    return (page.Uploads ?? []).flatMap((upload) => upload.UploadId ?? [])
  }
  return {
    config: { kind: 's3', bucket, endpoint: (await through?.(endpoint)) ?? endpoint, region: 'us-east-1', credentials },
    client,
    async read(key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      return Buffer.from((await Body?.transformToByteArray()) ?? [])
    },
    sizeOf: async (key) => (await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).ContentLength ?? 0,
    keys,
    openUploads,
    async partNumbers(key) {
      const [UploadId] = await openUploads(key)
      if (UploadId === undefined) return []
      const page = await client.send(new ListPartsCommand({ Bucket: bucket, Key: key, UploadId }))
      return (page.Parts ?? []).flatMap((part) => part.PartNumber ?? [])
    },
    async abortAll(key) {
      for (const UploadId of await openUploads(key))
        await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId }))
    },
    async drop() {
      for (let left = await keys(); left.length > 0; left = await keys())
        await client.send(
          new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: left.map((Key) => ({ Key })) } }),
        )
      await client.send(new DeleteBucketCommand({ Bucket: bucket }))
      client.destroy()
    },
  }
}

/** What a program is started with to keep its clips in this bucket. */
export const bucketEnvironment = ({ bucket, endpoint, region, credentials }: S3Config): Record<string, string> => ({
  OBJECT_STORE_URL: `s3://${bucket}?endpoint=${encodeURIComponent(endpoint ?? '')}&region=${region}`,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
})
