import { findVerification, finishVerification, type PendingVerification } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import { startXxh64 } from '../parts/xxh64.ts'
import type { ObjectStore } from '../store/port.ts'

/** Reads a clip back from the store, part by part, and has its digests compared with those of the device. */
export function createVerify(given: {
  call: DatabaseCall
  store: ObjectStore
  log: Logger
  signal: AbortSignal
}): (assetId: string) => Promise<void> {
  const { call, store, log } = given
  return async (assetId) => {
    const pending = await call((clocked) => findVerification(clocked, { assetId }))
    if (pending === null) return
    const read = await digestStored(store, pending, given.signal)
    const judged = await call((clocked) => finishVerification(clocked, { assetId, ...read }))
    if (judged.kind === 'mismatch')
      log.error({ assetId, part: judged.firstNumber }, 'stored bytes differ from the device')
    else log.info({ assetId, custody: judged.kind }, 'stored bytes compared')
  }
}

/** Digests of the stored bytes; null for parts that are not there in full. */
async function digestStored(
  store: ObjectStore,
  clip: PendingVerification,
  signal: AbortSignal,
): Promise<{ stored: { number: number; xxh64: string | null }[]; fileXxh64: string; isThere: boolean }> {
  const object = await store.open(clip.storeKey)
  const whole = startXxh64()
  const stored: { number: number; xxh64: string | null }[] = []
  try {
    let offset = 0
    for (const part of clip.parts) {
      const digest = startXxh64()
      let bytes = 0
      if (object !== null)
        for await (const chunk of object.read(offset, offset + part.sizeBytes)) {
          signal.throwIfAborted()
          digest.update(chunk)
          whole.update(chunk)
          bytes += chunk.length
        }
      const isLast = part === clip.parts.at(-1)
      // A file that grew has other bytes than the clip as well.
      const isWhole = bytes === part.sizeBytes && !(isLast && object?.sizeBytes !== clip.sizeBytes)
      stored.push({ number: part.number, xxh64: isWhole ? digest.digest() : null })
      offset += part.sizeBytes
    }
  } finally {
    await object?.close()
  }
  return { stored, fileXxh64: whole.digest(), isThere: object !== null }
}
