import { callerOf, createLeakyBuckets } from '@rushes/fleet'

/** As many handshakes with a secret that was not good lately may come from one address at once, and each second. */
const allowance = { limit: 100, windowMs: 1_000 }
/** Of those that wait for the database, as many may be of one address. */
const maxPendingPerCaller = 64
const maxKnownSecrets = 20_000

/** What came of a secret; null when nobody could tell. */
type Proof = 'good' | 'refused' | null
/** A handshake that may go on, until its `end`. */
type Admitted = { end(proof: Proof): void }

/**
 * Strangers, counted by address before the database is asked. Hundreds of devices may share an address, and come back all at once when a
 * gateway stops: one whose secret was good lately is no stranger, and one whose secret proves good was none.
 */
export function createStrangers(): {
  admit(secretSha256: string, remoteAddress: string | null, nowMs: number): Admitted | null
} {
  const known = new Set<string>()
  const pending = new Map<string, number>()
  const buckets = createLeakyBuckets()
  return {
    admit(secretSha256, remoteAddress, nowMs) {
      if (known.has(secretSha256)) {
        return {
          end: (proof) => {
            if (proof === 'refused') known.delete(secretSha256)
          },
        }
      }
      const caller = callerOf(remoteAddress ?? '')
      const waiting = pending.get(caller) ?? 0
      if (waiting >= maxPendingPerCaller || !buckets.take(caller, allowance, nowMs).allowed) return null
      pending.set(caller, waiting + 1)
      return {
        end(proof) {
          const left = (pending.get(caller) ?? 1) - 1
          if (left === 0) pending.delete(caller)
          else pending.set(caller, left)
          if (proof !== 'good') return
          buckets.giveBack(caller)
          known.add(secretSha256)
          const [oldest] = known
          if (known.size > maxKnownSecrets && oldest !== undefined) known.delete(oldest)
        },
      }
    },
  }
}
