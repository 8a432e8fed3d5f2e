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

type Allowance = { limit: number; windowMs: number }

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

const maxBuckets = 20_000

/** Leaky buckets by subject and kind of call. When there are too many, the one that was used longest ago is forgotten. */
export function createRateLimiter(limits: RateLimits): RateLimiter {
  const buckets = new Map<string, { level: number; atMs: number }>()
  const levelOf = (key: string, { limit, windowMs }: Allowance, nowMs: number) => {
    const bucket = buckets.get(key) ?? { level: 0, atMs: nowMs }
    const leaked = (Math.max(0, nowMs - bucket.atMs) * limit) / windowMs
    return Math.max(0, bucket.level - leaked)
  }
  return {
    take(subject, kind, nowMs) {
      const { limit, windowMs } = allowances[limits][kind]
      const key = `${kind} ${subject}`
      const level = levelOf(key, { limit, windowMs }, nowMs)
      const allowed = level + 1 <= limit
      buckets.delete(key)
      buckets.set(key, { level: allowed ? level + 1 : level, atMs: nowMs })
      const oldest = buckets.keys().next()
      if (buckets.size > maxBuckets && oldest.done !== true) buckets.delete(oldest.value)
      return { allowed, limit, remaining: Math.max(0, Math.floor(limit - level - (allowed ? 1 : 0))), windowMs }
    },
    giveBack(subject, kind) {
      const bucket = buckets.get(`${kind} ${subject}`)
      if (bucket !== undefined) bucket.level = Math.max(0, bucket.level - 1)
    },
    look(subject, kind, nowMs) {
      const { limit, windowMs } = allowances[limits][kind]
      const level = levelOf(`${kind} ${subject}`, { limit, windowMs }, nowMs)
      return { allowed: level + 1 <= limit, limit, remaining: Math.max(0, Math.floor(limit - level)), windowMs }
    },
  }
}
