import { type ClaimedMedia, claimMedia, type MediaResult, maxMediaAttempts, recordMedia } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import type { ObjectStore } from '../store/port.ts'
import { demuxerFor } from './demuxer-for.ts'
import { type Examination, examine } from './examine.ts'
import type { Cage, RunLimits } from './run-limited.ts'
import { withSeekableFile } from './with-seekable-file.ts'

/** For so long a clip is left to whoever looks into it: longer than two programs and the fetching may take. */
const leaseMs = 10 * 60_000
const firstRetryMs = 60_000

/** Looks into one clip that nobody has looked into: facts into its row, a poster beside it. False when there is none. */
export function createLookInto(given: {
  call: DatabaseCall
  store: ObjectStore
  cage: Cage
  limits: RunLimits
  log: Logger
  clock: () => Date
  signal: AbortSignal
}): () => Promise<boolean> {
  const { call, store, log, clock } = given
  const after = (delayMs: number) => new Date(clock().getTime() + delayMs)

  const resultOf = async (clip: ClaimedMedia): Promise<{ result: MediaResult; poster: Buffer | null }> => {
    const without = (result: MediaResult) => ({ result, poster: null })
    const demuxer = demuxerFor(clip)
    if (demuxer === null || clip.sizeBytes === 0) return without({ kind: 'none' })
    // Tried that often without an end, it may be what takes this program down.
    if (clip.attempt > 2 * maxMediaAttempts)
      return without({ kind: 'failed', error: 'it was never looked at to the end' })
    const seen = await examineStored(clip, demuxer)
    if (seen.kind === 'interrupted') return without({ kind: 'interrupted' })
    const isLast = clip.attempt >= maxMediaAttempts
    const error = seen.kind === 'unreadable' ? seen.error : seen.posterError
    if (error !== null && !isLast)
      return without({
        kind: 'retry',
        at: after(firstRetryMs * 4 ** (clip.attempt - 1) * (0.5 + Math.random())),
        error,
      })
    if (seen.kind === 'unreadable') return without({ kind: 'failed', error: seen.error })
    const { facts, poster } = seen
    return { result: { kind: 'read', facts, hasPoster: poster !== null, note: error }, poster }
  }

  const examineStored = async (clip: ClaimedMedia, demuxer: string): Promise<Examination> => {
    const object = await store.open(clip.storeKey)
    if (object === null) return { kind: 'unreadable', error: 'the stored file is not there' }
    try {
      return await withSeekableFile(object, given.signal, (fd) => examine({ ...given, fd, demuxer }))
    } finally {
      await object.close()
    }
  }

  return async () => {
    const clip = await call((clocked) => claimMedia(clocked, { leaseUntil: after(leaseMs) }))
    if (clip === null) return false
    const { assetId } = clip
    const { result, poster } = await resultOf(clip)
    const key = store.derivedKey(assetId, 'poster')
    if (poster !== null) await store.putDerived(key, poster)
    const isKept = await call((clocked) => recordMedia(clocked, { assetId, result }))
    // Somebody emptied the trash meanwhile.
    if (!isKept && poster !== null) await store.remove(key)
    const error = 'error' in result ? result.error : undefined
    log.info(
      { assetId, attempt: clip.attempt, result: result.kind, hasPoster: poster !== null, error },
      'clip examined',
    )
    return true
  }
}
