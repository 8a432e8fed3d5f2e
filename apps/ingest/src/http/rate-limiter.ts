import { type Allowance, createLeakyBuckets } from '@rushes/fleet'
import type { RateLimits } from '../config.ts'

/** Kinds of calls that are limited apart. The first three are counted by device, the other two by address. */
export type CallClass =
  | 'create'
  | 'update'
  | 'read'
  /** The auth endpoints. */
  | 'auth'
  /** Whatever comes without a token that is good. */
  | 'stranger'

export type RateVerdict = { allowed: boolean; limit: number; remaining: number; windowMs: number }

export type RateLimiter = {
  /** Counts a call. */
  take(subject: string, kind: CallClass, nowMs: number): RateVerdict
  /** Counts the last one not after all. */
  giveBack(subject: string, kind: CallClass): void
  /** What a call would meet, without counting one. */
  look(subject: string, kind: CallClass, nowMs: number): RateVerdict
}

const allowances: Record<RateLimits, Record<CallClass, Allowance>> = {
  default: {
    create: { limit: 200, windowMs: 1_000 },
    update: { limit: 200, windowMs: 1_000 },
    read: { limit: 200, windowMs: 1_000 },
    auth: { limit: 50, windowMs: 1_000 },
    stranger: { limit: 100, windowMs: 1_000 },
  },
  // The figures that the platform documents for its own API; those of the last two it keeps to itself.
  frameio: {
    create: { limit: 5, windowMs: 1_000 },
    update: { limit: 10, windowMs: 1_000 },
    read: { limit: 5, windowMs: 1_000 },
    auth: { limit: 5, windowMs: 1_000 },
    stranger: { limit: 10, windowMs: 1_000 },
  },
}

/** Leaky buckets by subject and kind of call. */
export function createRateLimiter(limits: RateLimits): RateLimiter {
  const buckets = createLeakyBuckets()
  const allowanceOf = (kind: CallClass) => allowances[limits][kind]
  const keyOf = (subject: string, kind: CallClass) => `${kind} ${subject}`
  return {
    take: (subject, kind, nowMs) => ({
      ...allowanceOf(kind),
      ...buckets.take(keyOf(subject, kind), allowanceOf(kind), nowMs),
    }),
    giveBack: (subject, kind) => buckets.giveBack(keyOf(subject, kind)),
    look: (subject, kind, nowMs) => ({
      ...allowanceOf(kind),
      ...buckets.look(keyOf(subject, kind), allowanceOf(kind), nowMs),
    }),
  }
}
