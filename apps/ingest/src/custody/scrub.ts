import {
  type ClaimedScrub,
  claimScrub,
  finishScrub,
  type PartReading,
  postponeScrub,
  type ScrubFinding,
  type ScrubLane,
  saveScrub,
} from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { startXxh64 } from '../parts/xxh64.ts'
import type { ObjectStore, StoredObject } from '../store/port.ts'
import type { Pace } from './pacer.ts'
import { readBack } from './read-back.ts'

/** So often reading a clip may fail, while the store itself answers, before its bytes count as unreadable. */
const maxAttempts = 5
const firstBackoffMs = 60_000
const maxBackoffMs = 6 * 60 * 60_000

export type ScrubNext = (lane: ScrubLane, pace: Pace) => Promise<boolean>

/**
 * Reads the next stored clip of a lane, compares every part with what it should be, and has the finding written down; false
 * when none is due. How far it is stands in the database, so that after a stop or a crash any instance goes on.
 */
export function createScrub(given: {
  call: DatabaseCall
  store: Pick<ObjectStore, 'open' | 'check'>
  log: Logger
  signal: AbortSignal
  /** For how long a clip is nobody else's; renewed while it is read. */
  leaseMs: number
  metrics: Pick<Metrics, 'readAgain' | 'scrubbed'>
}): ScrubNext {
  const { call, store, log, signal, leaseMs, metrics } = given

  return async (lane, pace) => {
    const claimed = await call((clocked) => claimScrub(clocked, { lane, token: crypto.randomUUID(), leaseMs }))
    if (claimed === null) return false
    const { assetId, token } = claimed
    const reading: Reading = { unsaved: [], nextPart: claimed.fromPart, firstDiffering: claimed.firstDiffering }
    const save = (forMs: number) =>
      call((clocked) => {
        const { unsaved, nextPart, firstDiffering } = reading
        return saveScrub(clocked, { assetId, token, readings: unsaved, nextPart, firstDiffering, leaseMs: forMs })
      })
    const found = await read(claimed, reading, pace, save)
    if (found.kind === 'lost') {
      log.info({ assetId }, 'somebody else reads this clip by now')
    } else if (found.kind === 'stopped') {
      await save(0)
    } else if (found.kind === 'failed') {
      await fail(claimed, reading, found.error)
    } else {
      await finish(claimed, reading, found)
    }
    return found.kind !== 'stopped'
  }

  async function finish({ assetId, token }: ClaimedScrub, reading: Reading, finding: ScrubFinding): Promise<void> {
    const readings = reading.unsaved
    const outcome = await call((clocked) => finishScrub(clocked, { assetId, token, readings, finding }))
    if (outcome.kind !== 'superseded') metrics.scrubbed(outcome.kind)
    if (outcome.kind !== 'mismatch') return log.info({ assetId, found: outcome.kind }, 'stored bytes read again')
    const { firstNumber: part, because } = outcome
    if (outcome.isNew) log.error({ assetId, part, because }, 'a stored clip is no longer sound')
    else log.warn({ assetId, part, because }, 'a stored clip is still not sound')
  }

  async function read(
    claimed: ClaimedScrub,
    reading: Reading,
    pace: Pace,
    save: (forMs: number) => Promise<boolean>,
  ): Promise<ScrubFinding | Unfinished> {
    const firstPart = claimed.parts[0]?.number ?? 1
    const isInOneGo = claimed.fromPart <= firstPart
    const expected = new Map(claimed.parts.map((part) => [part.number, part.expectedXxh64]))
    const whole = startXxh64()
    let object: StoredObject | null = null
    let savedAtMs = performance.now()
    try {
      const opened = await attempt(() => store.open(claimed.storeKey))
      if (opened.kind === 'failed') return opened
      object = opened.value
      if (object === null) {
        // A store that is away has no clips either: that is no finding.
        const answers = await attempt(() => store.check())
        return answers.kind === 'failed' ? answers : { kind: 'wrong', because: 'gone', firstNumber: firstPart }
      }
      const parts = readBack(object, claimed, { fromPart: claimed.fromPart, whole })
      for (;;) {
        if (signal.aborted) return { kind: 'stopped' }
        const next = await attempt(() => parts.next())
        if (next.kind === 'failed') return next
        if (next.value.done === true) break
        const step = next.value.value
        if (step.kind === 'bytes') {
          metrics.readAgain(step.count)
          await pace(step.count).catch(() => undefined) // rejects only when aborted, which is looked at above
        } else {
          reading.unsaved.push({ number: step.number, xxh64: step.xxh64 })
          reading.nextPart = step.number + 1
          const should = expected.get(step.number) ?? null
          if (step.xxh64 === null || (should !== null && should !== step.xxh64)) reading.firstDiffering ??= step.number
        }
        if (performance.now() - savedAtMs > leaseMs / 3) {
          if (!(await save(leaseMs))) return { kind: 'lost' }
          reading.unsaved = []
          savedAtMs = performance.now()
        }
      }
    } finally {
      await object?.close()
    }
    return reading.firstDiffering === null
      ? { kind: 'sound', fileXxh64: isInOneGo ? whole.digest() : null }
      : { kind: 'wrong', because: 'changed', firstNumber: reading.firstDiffering }
  }

  async function fail(claimed: ClaimedScrub, reading: Reading, error: unknown): Promise<void> {
    const { assetId, token } = claimed
    // Only what fails while the store as a whole answers is the clip's own fault.
    const isStoreAway = (await attempt(() => store.check())).kind === 'failed'
    const attempts = claimed.attempts + (isStoreAway ? 0 : 1)
    log.error({ err: error, assetId, part: reading.nextPart, attempts, isStoreAway }, 'a stored clip cannot be read')
    if (attempts >= maxAttempts)
      return finish(claimed, reading, { kind: 'wrong', because: 'unreadable', firstNumber: reading.nextPart })
    const backoffMs = Math.min(maxBackoffMs, firstBackoffMs * 2 ** attempts) * (0.5 + Math.random() / 2)
    await call((clocked) =>
      postponeScrub(clocked, {
        assetId,
        token,
        attempts,
        error: isStoreAway ? 'The store did not answer' : 'The stored bytes could not be read',
        notBefore: new Date(clocked.now.getTime() + backoffMs),
      }),
    )
  }
}

/** What was read and not yet written down. */
type Reading = { unsaved: PartReading[]; nextPart: number; firstDiffering: number | null }

type Failed = { kind: 'failed'; error: unknown }
type Unfinished = { kind: 'lost' } | { kind: 'stopped' } | Failed

/** Tells the failures of the store from those of the database, which the caller's `call` has retried already. */
async function attempt<T>(work: () => Promise<T>): Promise<{ kind: 'done'; value: T } | Failed> {
  try {
    return { kind: 'done', value: await work() }
  } catch (error) {
    return { kind: 'failed', error }
  }
}
