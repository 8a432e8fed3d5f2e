import { setImmediate as otherWork } from 'node:timers/promises'
import type { RegisteredPart } from '@rushes/fleet'
import { partUrlLifetimeMs } from '@rushes/protocol'
import { signedAcl } from '../../parts/part-signer.ts'
import type { Bucket } from './bucket.ts'

/** An upload may have 10,000 parts; others are let in between. */
const signedAtOnce = 200
const signedHeaders = new Set(['host', 'content-type', 'content-length', 'x-amz-acl'])

/**
 * Addresses that devices PUT parts to, straight into the bucket. The headers that devices send are signed, and so is the length: a
 * part of another size than registered is refused by the store before it takes the place of one.
 */
export async function signParts(
  bucket: Bucket,
  upload: { key: string; uploadId: string; filetype: string },
  parts: readonly RegisteredPart[],
  now: Date,
): Promise<string[]> {
  const signingDate = bucket.clock.at(now)
  const url = new URL(upload.key, bucket.url)
  const urls: string[] = []
  for (const [index, part] of parts.entries()) {
    if (index % signedAtOnce === signedAtOnce - 1) await otherWork()
    const { query } = await bucket.presigner.presign(
      {
        method: 'PUT',
        protocol: url.protocol,
        hostname: url.hostname,
        ...(url.port === '' ? {} : { port: Number(url.port) }),
        path: url.pathname,
        query: { partNumber: String(part.number), uploadId: upload.uploadId },
        headers: {
          host: url.host,
          'content-type': upload.filetype,
          'content-length': String(part.sizeBytes),
          'x-amz-acl': signedAcl,
        },
      },
      {
        signingDate,
        expiresIn: partUrlLifetimeMs / 1_000,
        signableHeaders: signedHeaders,
        unhoistableHeaders: new Set(['x-amz-acl']),
      },
    )
    const pairs = Object.entries(query ?? {}).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    urls.push(`${url.origin}${url.pathname}?${pairs.join('&')}`)
  }
  return urls
}
