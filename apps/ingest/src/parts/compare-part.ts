import { findPart } from '@rushes/fleet'
import type { DatabaseCall } from '../database-call.ts'
import type { ObjectStore } from '../store/port.ts'
import { readBody } from './read-body.ts'
import { type PartReceiver, refusalOf } from './receive-part.ts'
import { startXxh64 } from './xxh64.ts'

/**
 * Answers parts that are sent again after their clip is whole, where parts do not come through this program: the same bytes as in
 * the store are answered as they were the first time, and nothing is written.
 */
export function createPartComparer(given: { call: DatabaseCall; store: ObjectStore; stallMs: number }): PartReceiver {
  const { call, store, stallMs } = given
  return async (input) => {
    const part = await call((clocked) => findPart(clocked, input))
    const refusal = refusalOf(part, input)
    if (refusal !== null) return refusal
    // An open upload has addresses in the bucket.
    if (part === null || part.assetState === 'created' || part.offsetBytes === null) return { kind: 'noSuchUpload' }
    if (part.assetState === 'assembling') return { kind: 'displaced' }
    const sent = startXxh64()
    const { contentLengthBytes, body } = input
    const end = await readBody(
      body,
      { contentLengthBytes, stallMs, displaced: null },
      (chunk) => void sent.update(chunk),
    )
    if (end.kind !== 'complete') return end
    const xxh64 = sent.digest()
    const stored = await digestOf(store, part.storeKey, part.offsetBytes, part.sizeBytes)
    return stored === xxh64 ? { kind: 'stored', xxh64, isWhole: false } : { kind: 'noSuchUpload' }
  }
}

async function digestOf(store: ObjectStore, key: string, offset: number, sizeBytes: number): Promise<string | null> {
  const object = await store.open(key)
  if (object === null) return null
  try {
    const digest = startXxh64()
    for await (const chunk of object.read(offset, offset + sizeBytes)) digest.update(chunk)
    return digest.digest()
  } finally {
    await object.close()
  }
}
