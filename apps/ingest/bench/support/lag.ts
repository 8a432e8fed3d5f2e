import { setTimeout as wait } from 'node:timers/promises'
import { createFixed, createRealtime, requestParts, statusOf } from '../../test/support/clips.ts'
import type { Device } from '../../test/support/pair.ts'
import { openConnection } from './connection.ts'
import type { BenchedIngest } from './ingest.ts'
import { filetype, putPart } from './ingest-receiver.ts'

type Part = { url: string; lengthBytes: number }

/** Sends a clip of known size, the final part last; milliseconds from the answer to that until the clip is available. */
export async function lagOfFixed(ingest: BenchedIngest, device: Device, sizeBytes: number, block: Buffer) {
  const { id, urls } = await createFixed(device, { length: sizeBytes }, { name: 'A001.dat', filetype })
  const partBytes = Math.ceil(sizeBytes / urls.length)
  const parts = urls.map((url, nth) => ({ url, lengthBytes: Math.min(partBytes, sizeBytes - nth * partBytes) }))
  return lagAfter(ingest, device, id, parts, block)
}

/** The same for a clip whose parts are registered while it grows, each with all lower numbers. */
export async function lagOfRealtime(ingest: BenchedIngest, device: Device, sizeBytes: number, block: Buffer) {
  const { id } = await createRealtime(device, { extension: '.dat', filetype })
  const partBytes = Math.ceil(sizeBytes / 100)
  const parts: Part[] = []
  for (let sentBytes = 0; sentBytes < sizeBytes; sentBytes += partBytes) {
    const size = Math.min(partBytes, sizeBytes - sentBytes)
    const is_final = sentBytes + size === sizeBytes
    const part = { number: parts.length + 1, size, is_final }
    const [url = ''] = await requestParts(device, id, [part], is_final ? { asset_filesize: sizeBytes } : {})
    parts.push({ url, lengthBytes: size })
  }
  return lagAfter(ingest, device, id, parts, block)
}

async function lagAfter(
  ingest: BenchedIngest,
  device: Device,
  assetId: string,
  parts: readonly Part[],
  block: Buffer,
): Promise<number> {
  const send = async (some: readonly Part[]) => {
    const connection = await openConnection(ingest.url)
    for (const { url, lengthBytes } of some) await putPart(connection, url, { block, lengthBytes })
    connection.close()
  }
  const earlier = parts.slice(0, -1)
  await Promise.all([0, 1].map((half) => send(earlier.filter((_, nth) => nth % 2 === half))))
  await send(parts.slice(-1))
  const answeredMs = performance.now()
  while ((await statusOf(device, assetId)).status !== 'available') await wait(2)
  const lagMs = performance.now() - answeredMs
  await ingest.emptyStore()
  return lagMs
}
