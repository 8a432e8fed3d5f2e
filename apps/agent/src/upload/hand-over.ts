import type { PartClaim } from '../queue/part-claims.ts'
import type { Doorbell } from './doorbell.ts'

/** Hands parts that are claimed already to senders that wait for work. */
export type HandOver = {
  /** Whether a sender waits that would get nothing otherwise. */
  isWanted(): boolean
  give(claim: PartClaim): void
  /** The part that waits for longest, taken; null when there is none. */
  take(): PartClaim | null
}

/** `bell`: the one at which the senders wait. */
export function createHandOver(bell: Doorbell, isOpen: () => boolean): HandOver {
  const given: PartClaim[] = []
  return {
    isWanted: () => isOpen() && bell.waiting > given.length,
    give(claim) {
      given.push(claim)
      bell.wakeOne()
    },
    take: () => given.shift() ?? null,
  }
}
