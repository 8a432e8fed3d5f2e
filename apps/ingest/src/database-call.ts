import { setTimeout as wait } from 'node:timers/promises'
import type { Database } from '@rushes/db'
import type { Logger } from 'pino'

/** A verb of the fleet, given the database and the time. */
export type Verb<T> = (given: { db: Database; now: Date }) => Promise<T>

/**
 * Runs a verb; while the database is away, runs it again. Every verb that ingest calls may be repeated: a commit whose reply
 * was lost leaves what the repetition finds or leaves unused.
 */
export type DatabaseCall = <T>(verb: Verb<T>, options?: { waitMs?: number; signal?: AbortSignal }) => Promise<T>

const firstDelayMs = 50
const maxDelayMs = 1_000

export function createDatabaseCall(given: {
  db: Database
  clock: () => Date
  waitMs: number
  log: Logger
}): DatabaseCall {
  return async (verb, options = {}) => {
    const deadlineMs = performance.now() + (options.waitMs ?? given.waitMs)
    for (let attempt = 0; ; attempt++) {
      try {
        return await verb({ db: given.db, now: given.clock() })
      } catch (error) {
        // Full jitter: many requests wait at once, and must not come back at once.
        const delayMs = Math.random() * Math.min(maxDelayMs, firstDelayMs * 2 ** attempt)
        if (!isDatabaseAway(error) || performance.now() + delayMs > deadlineMs) throw error
        given.log.warn({ attempt: attempt + 1, reason: reasonOf(error) }, 'the database is away; trying again')
        await wait(delayMs, undefined, options.signal === undefined ? {} : { signal: options.signal })
      }
    }
  }
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
