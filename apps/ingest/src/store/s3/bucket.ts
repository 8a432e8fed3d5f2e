import { S3Client } from '@aws-sdk/client-s3'
import { S3RequestPresigner } from '@aws-sdk/s3-request-presigner'
import type { Credentials, S3Address } from '../address.ts'
import { createStoreClock, type StoreClock } from './store-clock.ts'

/** A bucket, the way to it, and what its server's clock says. */
export type Bucket = {
  client: S3Client
  name: string
  presigner: S3RequestPresigner
  clock: StoreClock
  /** Where its objects are: a key is added to the path. */
  url: URL
}

const connectMs = 5_000
/** Completing a large upload may take minutes, in which some stores send nothing. */
const silenceMs = 300_000
const maxConnections = 64

/** The clients of a bucket; nothing is sent yet. */
export function openBucket(address: S3Address & { credentials: Credentials }, now: () => Date): Bucket {
  const { endpoint, region, credentials } = address
  const client = new S3Client({
    region,
    credentials,
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    // Checksums of the SDK would be signed into addresses that devices use, and make stores refuse numbers with gaps.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: connectMs,
      socketTimeout: silenceMs,
      httpAgent: { maxSockets: maxConnections },
      httpsAgent: { maxSockets: maxConnections },
    },
  })
  const clock = createStoreClock(now)
  clock.watch(client)
  const presigner = new S3RequestPresigner({ region, credentials, sha256: client.config.sha256 })
  return { client, name: address.bucket, presigner, clock, url: urlOf(address) }
}

/** By path where an endpoint is given, which every store understands; by host at Amazon, but for names that no certificate fits. */
function urlOf({ bucket, endpoint, region }: S3Address): URL {
  if (endpoint !== null) return new URL(`${endpoint}/${bucket}/`)
  const host = `s3.${region}.amazonaws.com`
  return new URL(bucket.includes('.') ? `https://${host}/${bucket}/` : `https://${bucket}.${host}/`)
}
