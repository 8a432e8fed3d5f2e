import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { assetCustody } from '@rushes/protocol'
import { seededRandom } from '@rushes/test-kit'
import { z } from 'zod'
import { startXxh64 } from '../../src/parts/xxh64.ts'
import { type Device, type Reply, send } from './pair.ts'
import { until } from './until.ts'

export type Bytes = Buffer<ArrayBuffer>

export const mib = 1024 * 1024

/** Bytes that compress into nothing by chance and are the same for the same seed. */
export function someBytes(length: number, seed = 1): Bytes {
  const random = seededRandom(seed)
  const block = Buffer.from(Array.from({ length: 65_536 }, () => random.integer(0, 255)))
  const bytes = Buffer.alloc(length)
  for (let at = 0, n = 0; at < length; at += block.length, n++) {
    block.writeUInt32LE(n, 0)
    block.copy(bytes, at)
  }
  return bytes
}

export const xxh64Of = (bytes: Uint8Array): string => {
  const digest = startXxh64()
  digest.update(bytes)
  return digest.digest()
}

export const created = z.object({ id: z.string(), name: z.string(), upload_urls: z.array(z.string()).optional() })

export const putPart = (
  url: string,
  bytes: Uint8Array<ArrayBuffer>,
  change: Record<string, string> = {},
): Promise<Reply> =>
  send('PUT', url, {
    headers: { 'content-type': 'video/mp4', 'x-amz-acl': 'private', ...change },
    body: bytes,
  })

/** The stretch of each URL: `ceil(filesize / urls)`, the last one the rest. */
export function split(bytes: Bytes, count: number): Bytes[] {
  const size = Math.ceil(bytes.length / count)
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
}

export async function createFixed(
  device: Device,
  bytes: { length: number },
  change: Record<string, unknown> = {},
  headers: Record<string, string> = {},
) {
  const asked = { name: 'C2C_TEST_CLIP.mp4', filetype: 'video/mp4', filesize: bytes.length, offset: 0, ...change }
  const reply = await device.call('POST', '/v2/devices/assets', asked, headers)
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`)
  const asset = created.parse(reply.body)
  return { id: asset.id, name: asset.name, urls: asset.upload_urls ?? [] }
}

/**
 * A clip of one part, and an address of that part at ingest. Where parts go to a bucket, such addresses are given of clips that
 * are whole: then this one is.
 */
export async function createWithPartAtIngest(at: { url: string }, device: Device, bytes: Bytes, name: string) {
  const create = () => createFixed(device, bytes, { name, parts: 1 }, { 'idempotency-key': name })
  const { id, urls } = await create()
  const [url = ''] = urls
  if (new URL(url).origin === at.url) return { id, url }
  const put = await putPart(url, bytes)
  if (put.status !== 200) throw new Error(`a part was answered ${put.status}: ${put.text}`)
  await untilStatus(device, id, 'available')
  return { id, url: (await create()).urls[0] ?? '' }
}

export async function createRealtime(device: Device, change: Record<string, unknown> = {}) {
  const reply = await device.call('POST', '/v2/devices/assets', {
    extension: '.mp4',
    filetype: 'video/mp4',
    is_realtime_upload: true,
    ...change,
  })
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`)
  return created.parse(reply.body)
}

const urls = z.object({ upload_urls: z.array(z.string()) })

export async function requestParts(
  device: Device,
  assetId: string,
  parts: { number: number; size: number; is_final: boolean }[],
  rest: Record<string, unknown> = {},
): Promise<string[]> {
  const reply = await device.call('POST', `/v2/devices/assets/${assetId}/realtime_upload/parts`, { parts, ...rest })
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`)
  return urls.parse(reply.body).upload_urls
}

export async function statusOf(device: Device, assetId: string) {
  return assetCustody.parse((await device.call('GET', `/v2/devices/assets/${assetId}`)).body)
}

export const untilStatus = (device: Device, assetId: string, status: string) =>
  until(
    `asset ${assetId} is ${status}`,
    async () => {
      const now = await statusOf(device, assetId)
      return now.status === status && now
    },
    30_000,
  )

export const untilVerified = (device: Device, assetId: string, verified: string) =>
  until(`custody of ${assetId} is ${verified}`, async () => {
    const now = await statusOf(device, assetId)
    return now.verified === verified && now
  })

/** Paths of the files that a person sees in a store, relative to it, in order. */
export async function visibleFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .filter((path) => !path.split(sep).some((segment) => segment.startsWith('.')))
    .sort()
}

/** What the store shows under this name; fails unless there is exactly one. */
export async function storedBytes(dir: string, name: string): Promise<Buffer> {
  const found = (await visibleFiles(dir)).filter((path) => path.endsWith(`${sep}${name}`))
  const [only, ...more] = found
  if (only === undefined || more.length > 0) throw new Error(`${found.length} files are called ${name}`)
  return readFile(join(dir, only))
}
