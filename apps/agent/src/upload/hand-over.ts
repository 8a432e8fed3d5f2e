import type { PartClaim } from '../queue/part-claims.ts'
import type { Doorbell } from './doorbell.ts'

/** Hands parts that are claimed already to senders that wait for work. */
export type HandOver = {
  /** Whether a sender waits that would get nothing otherwise. */
  isWanted(): boolean
  give(claim: PartClaim): void
  /** The part that waits for longest, taken; null when there is none. */
  take(): PartClaim | null
  /** Takes away what has not been taken yet: that of an upload, or (null) all. Whoever asks gives the claims back. */
  drop(uploadId: string | null): PartClaim[]
}

/** `bell`: the one at which the senders wait. `mayGive`: whether another part may be on its way at all. `isAlive`: whether a claim that lay there for long is still its sender's. */
export function createHandOver(
  bell: Doorbell,
  mayGive: () => boolean,
  isAlive: (claim: PartClaim) => boolean,
): HandOver {
  let given: { claim: PartClaim; atMs: number }[] = []
  return {
    isWanted: () => mayGive() && bell.waiting > given.length,
    give(claim) {
      given.push({ claim, atMs: performance.now() })
      bell.wakeOne()
    },
    take() {
      for (let next = given.shift(); next !== undefined; next = given.shift())
        if (performance.now() - next.atMs < longMs || isAlive(next.claim)) return next.claim
      return null
    },
    drop(uploadId) {
      const dropped = given.filter(({ claim }) => uploadId === null || claim.upload.id === uploadId)
      given = given.filter((kept) => !dropped.includes(kept))
      return dropped.map(({ claim }) => claim)
    },
  }
}

/** Mostly it is taken in the same turn; where the gate has closed in between it lies there until that opens. */
const longMs = 5_000
