import { findVerification, finishVerification, type PartReading, type PendingVerification } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import { startXxh64 } from '../parts/xxh64.ts'
import type { ObjectStore } from '../store/port.ts'
import { readBack } from './read-back.ts'

/** Reads a clip back from the store, part by part, and has its digests compared with those of the device. */
export function createVerify(given: {
  call: DatabaseCall
  store: Pick<ObjectStore, 'open' | 'check'>
  log: Logger
  signal: AbortSignal
  onDone: (result: 'verified' | 'mismatch') => void
}): (assetId: string) => Promise<void> {
  const { call, store, log } = given
  return async (assetId) => {
    const pending = await call((clocked) => findVerification(clocked, { assetId }))
    if (pending === null) return
    const read = await digestStored(store, pending, given.signal)
    const judged = await call((clocked) => finishVerification(clocked, { assetId, ...read }))
    if (judged.kind !== 'notPending') given.onDone(judged.kind)
    if (judged.kind === 'mismatch')
      log.error({ assetId, part: judged.firstNumber }, 'stored bytes differ from the device')
    else log.info({ assetId, custody: judged.kind }, 'stored bytes compared')
  }
}

/** Digests of the stored bytes; null for parts that are not there in full. */
async function digestStored(
  store: Pick<ObjectStore, 'open' | 'check'>,
  clip: PendingVerification,
  signal: AbortSignal,
): Promise<{ stored: PartReading[]; fileXxh64: string; isThere: boolean }> {
  const object = await store.open(clip.storeKey)
  // A store that is away, such as a volume that is not mounted, has no clips either: that is no finding.
  if (object === null) await store.check()
  const whole = startXxh64()
  const stored: PartReading[] = []
  try {
    for await (const read of readBack(object, clip, { fromPart: 1, whole })) {
      signal.throwIfAborted()
      if (read.kind === 'part') stored.push({ number: read.number, xxh64: read.xxh64 })
    }
  } finally {
    await object?.close()
  }
  return { stored, fileXxh64: whole.digest(), isThere: object !== null }
}
