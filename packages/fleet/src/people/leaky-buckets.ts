/** How many may pass at once; as many leak out of the bucket in each window. */
export type Allowance = { limit: number; windowMs: number }
export type BucketVerdict = { allowed: boolean; remaining: number }

export type LeakyBuckets = {
  /** Counts one. */
  take(key: string, allowance: Allowance, nowMs: number): BucketVerdict
  /** Counts the last one not after all. */
  giveBack(key: string): void
  /** What one would meet, without counting it. */
  look(key: string, allowance: Allowance, nowMs: number): BucketVerdict
}

const maxBuckets = 20_000

/** A leaky bucket for each key, kept by this program for itself. When there are too many, the one that was used longest ago is forgotten. */
export function createLeakyBuckets(): LeakyBuckets {
  const buckets = new Map<string, { level: number; atMs: number }>()
  const levelOf = (key: string, { limit, windowMs }: Allowance, nowMs: number) => {
    const bucket = buckets.get(key) ?? { level: 0, atMs: nowMs }
    const leaked = (Math.max(0, nowMs - bucket.atMs) * limit) / windowMs
    return Math.max(0, bucket.level - leaked)
  }
  return {
    take(key, allowance, nowMs) {
      const { limit } = allowance
      const level = levelOf(key, allowance, nowMs)
      const allowed = level + 1 <= limit
      buckets.delete(key)
      buckets.set(key, { level: allowed ? level + 1 : level, atMs: nowMs })
      const oldest = buckets.keys().next()
      if (buckets.size > maxBuckets && oldest.done !== true) buckets.delete(oldest.value)
      return { allowed, remaining: Math.max(0, Math.floor(limit - level - (allowed ? 1 : 0))) }
    },
    giveBack(key) {
      const bucket = buckets.get(key)
      if (bucket !== undefined) bucket.level = Math.max(0, bucket.level - 1)
    },
    look(key, allowance, nowMs) {
      const level = levelOf(key, allowance, nowMs)
      return { allowed: level + 1 <= allowance.limit, remaining: Math.max(0, Math.floor(allowance.limit - level)) }
    },
  }
}
