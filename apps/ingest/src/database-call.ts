import { setTimeout as wait } from 'node:timers/promises'
import type { Database } from '@rushes/db'
import type { busy, Together } from '@rushes/fleet'
import type { Logger } from 'pino'
import { createBatch } from './batch.ts'
import { createInTurn } from './in-turn.ts'

/** A verb of the fleet, given the database and the time. */
export type Verb<T> = (given: { db: Database; now: Date }) => Promise<T>

/** A verb of the fleet that does many at once; one outcome for each input, in their order. */
export type ManyVerb<In, Out> = (given: Together, inputs: readonly In[]) => Promise<readonly (Out | typeof busy)[]>

export type CallOptions = { waitMs?: number; signal?: AbortSignal }

/**
 * Runs a verb; while the database is away, runs it again. Every verb that ingest calls may be repeated: a commit whose reply
 * was lost leaves what the repetition finds or leaves unused.
 */
export type DatabaseCall = {
  <T>(verb: Verb<T>, options?: CallOptions): Promise<T>
  /**
   * The same for one input at a time, which is done in one go with those that others have meanwhile. `turn` names the row that
   * the input needs for itself. `holdsDevices`: the verb holds the rows of devices, so that its batches and those of others that
   * do take turns.
   */
  together<In, Out>(
    verb: ManyVerb<In, Out>,
    what?: { holdsDevices: true },
  ): (input: In, options: CallOptions & { turn: string }) => Promise<Out>
}

const firstDelayMs = 50
const maxDelayMs = 1_000
/** More would make everybody wait for a statement that takes long, and save nothing any more. */
const maxTogether = 100

export function createDatabaseCall(given: {
  db: Database
  clock: () => Date
  waitMs: number
  log: Logger
}): DatabaseCall {
  const again = async <T>(work: () => Promise<T>, options: CallOptions): Promise<T> => {
    const deadlineMs = performance.now() + (options.waitMs ?? given.waitMs)
    for (let attempt = 0; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        // Full jitter: many requests wait at once, and must not come back at once.
        const delayMs = Math.random() * Math.min(maxDelayMs, firstDelayMs * 2 ** attempt)
        if (!isDatabaseAway(error) || performance.now() + delayMs > deadlineMs) throw error
        given.log.warn({ attempt: attempt + 1, reason: reasonOf(error) }, 'the database is away; trying again')
        await wait(delayMs, undefined, options.signal === undefined ? {} : { signal: options.signal })
      }
    }
  }
  const inTurn = createInTurn()
  const clocked = () => ({ db: given.db, now: given.clock() })
  return Object.assign(<T>(verb: Verb<T>, options: CallOptions = {}) => again(() => verb(clocked()), options), {
    together<In, Out>(verb: ManyVerb<In, Out>, what?: { holdsDevices: true }) {
      const batch = createBatch<In, Out>({
        run: (inputs, { wait }) => verb({ ...clocked(), wait }, inputs),
        maxInputs: maxTogether,
        isCommon: isDatabaseAway,
        ...(what?.holdsDevices === true ? { inTurn } : {}),
      })
      return (input: In, options: CallOptions & { turn: string }) =>
        again(() => batch.add(input, options.turn), options)
    },
  })
}

const awayCodes = new Set([
  ...['08000', '08001', '08003', '08004', '08006', '53300', '57P01', '57P02', '57P03'],
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'],
  // Two transactions that got into each other's way; the one that was rolled back runs again.
  ...['40001', '40P01'],
])
const awayMessages =
  /connection (was )?terminated|timeout exceeded when trying to connect|connection error and is not queryable|client was closed/i

/** Whether an error says that the database could not be asked, rather than that it refused. */
export function isDatabaseAway(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && awayCodes.has(cause.code) && isFromDriver(cause))
      return true
    if (awayMessages.test(cause.message)) return true
  }
  return false
}

/** A missing file has the code ENOENT too, as has a missing socket of the database. */
const isFromDriver = (error: Error) => !('syscall' in error) || error.syscall !== 'open'

const reasonOf = (error: unknown): string => {
  let deepest = error
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause
  return deepest instanceof Error ? deepest.message : String(deepest)
}
