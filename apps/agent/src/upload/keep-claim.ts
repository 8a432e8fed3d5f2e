import { leaseRules } from '@rushes/upload-core'
import type { Logger } from 'pino'
import { errorMessage } from '../agent-error.ts'
import type { Queue } from '../queue/open-queue.ts'
import { type PartClaim, renewPart } from '../queue/part-claims.ts'

/** Renews the lease of a part for as long as it is being sent. Returns what ends that. */
export function keepClaim(queue: Queue, claim: PartClaim, log: Logger): () => void {
  const renewal = setInterval(() => {
    try {
      renewPart(queue, claim, performance.now() + leaseRules.leaseMs)
    } catch (error) {
      // A full disk, mostly. Nobody waits for a timer, so what it throws would end the agent; a lease outlives several renewals.
      log.warn({ uploadId: claim.upload.id, part: claim.number, error: errorMessage(error) }, 'a lease was not renewed')
    }
  }, leaseRules.renewEveryMs)
  return () => clearInterval(renewal)
}
