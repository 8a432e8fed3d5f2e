import {
  type FinishVerificationInput,
  findVerification,
  finishVerification,
  type PendingVerification,
} from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import { startXxh64 } from '../parts/xxh64.ts'
import type { ObjectStore, StoredObject } from '../store/port.ts'
import { readBack } from './read-back.ts'

/** So often reading a clip may fail, while the store itself answers, before its bytes count as unreadable: some two minutes. */
const maxAttempts = 8
/** Whose failures are remembered; beyond that all are forgotten, which only gives them more time. */
const maxKnown = 10_000

/** Reads a clip back from the store, part by part, and has its digests compared with those of the device. */
export function createVerify(given: {
  call: DatabaseCall
  store: Pick<ObjectStore, 'open' | 'check'>
  log: Logger
  signal: AbortSignal
  onDone: (result: 'verified' | 'mismatch') => void
}): (assetId: string) => Promise<void> {
  const { call, store, log, signal } = given
  const failures = new Map<string, number>()
  return async (assetId) => {
    const pending = await call((clocked) => findVerification(clocked, { assetId }))
    if (pending === null) return
    const { error, ...read } = await digestStored(store, pending, signal)
    if (error !== null) {
      signal.throwIfAborted()
      await store.check() // one that is away as a whole says nothing of this clip
      const attempts = (failures.get(assetId) ?? 0) + 1
      if (failures.size >= maxKnown) failures.clear()
      failures.set(assetId, attempts)
      if (attempts < maxAttempts) throw error
      log.error({ err: error, assetId, attempts }, 'a stored clip cannot be read')
    }
    failures.delete(assetId)
    const judged = await call((clocked) => finishVerification(clocked, { assetId, ...read }))
    if (judged.kind !== 'notPending') given.onDone(judged.kind)
    if (judged.kind === 'mismatch')
      log.error({ assetId, part: judged.firstNumber }, 'stored bytes differ from the device')
    else log.info({ assetId, custody: judged.kind }, 'stored bytes compared')
  }
}

/** Digests of the stored bytes; null for parts that are not there in full, or could not be read because of `error`. */
async function digestStored(
  store: Pick<ObjectStore, 'open' | 'check'>,
  clip: PendingVerification,
  signal: AbortSignal,
): Promise<Omit<FinishVerificationInput, 'assetId'> & { error: unknown }> {
  let object: StoredObject | null = null
  const whole = startXxh64()
  const read = new Map<number, string | null>()
  const found = (because: FinishVerificationInput['because'], error: unknown = null) => ({
    stored: clip.parts.map(({ number }) => ({ number, xxh64: read.get(number) ?? null })),
    fileXxh64: whole.digest(),
    because,
    error,
  })
  try {
    object = await store.open(clip.storeKey)
    // A store that is away, such as a volume that is not mounted, has no clips either: that is no finding.
    if (object === null) await store.check()
    for await (const step of readBack(object, clip, { fromPart: 1, whole })) {
      signal.throwIfAborted()
      if (step.kind === 'part') read.set(step.number, step.xxh64)
    }
    return found(object === null ? 'gone' : 'sentOtherwise')
  } catch (error) {
    return found('unreadable', error)
  } finally {
    await object?.close()
  }
}
