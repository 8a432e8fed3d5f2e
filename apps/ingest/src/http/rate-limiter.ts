import type { RateLimits } from '../config.ts'

/** Kinds of calls that are limited apart. */
export type CallClass = 'create' | 'update' | 'read' | 'auth'

export type RateVerdict = { allowed: boolean; limit: number; remaining: number; windowMs: number }

export type RateLimiter = { take(subject: string, kind: CallClass, nowMs: number): RateVerdict }

type Allowance = { limit: number; windowMs: number }

const allowances: Record<RateLimits, Record<CallClass, Allowance>> = {
  default: {
    create: { limit: 200, windowMs: 1_000 },
    update: { limit: 200, windowMs: 1_000 },
    read: { limit: 200, windowMs: 1_000 },
    auth: { limit: 50, windowMs: 1_000 },
  },
  // The figures that the platform documents for its own API.
  frameio: {
    create: { limit: 5, windowMs: 1_000 },
    update: { limit: 10, windowMs: 1_000 },
    read: { limit: 5, windowMs: 1_000 },
    auth: { limit: 5, windowMs: 1_000 },
  },
}

const maxBuckets = 20_000

/** Leaky buckets by subject and kind of call. When there are too many, the one that was used longest ago is forgotten. */
export function createRateLimiter(limits: RateLimits): RateLimiter {
  const buckets = new Map<string, { level: number; atMs: number }>()
  return {
    take(subject, kind, nowMs) {
      const { limit, windowMs } = allowances[limits][kind]
      const key = `${kind} ${subject}`
      const bucket = buckets.get(key) ?? { level: 0, atMs: nowMs }
      buckets.delete(key)
      const leaked = (Math.max(0, nowMs - bucket.atMs) * limit) / windowMs
      const level = Math.max(0, bucket.level - leaked)
      const allowed = level + 1 <= limit
      buckets.set(key, { level: allowed ? level + 1 : level, atMs: nowMs })
      const oldest = buckets.keys().next()
      if (buckets.size > maxBuckets && oldest.done !== true) buckets.delete(oldest.value)
      return { allowed, limit, remaining: Math.max(0, Math.floor(limit - level - (allowed ? 1 : 0))), windowMs }
    },
  }
}
