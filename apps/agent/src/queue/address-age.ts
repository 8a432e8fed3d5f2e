import { partUrlIsDead } from '@rushes/upload-core'
import { serverAtBoot } from './capture-clock.ts'
import type { Queue } from './open-queue.ts'

/**
 * When addresses were given out that were asked for at that uptime, in milliseconds since 1970: by the destination's clock, which will end
 * them, so that setting this device's clock changes nothing; by this device's where the destination has not told the time.
 */
export function issuedAt(queue: Queue, askedAtUptimeMs: number): number {
  const atBoot = serverAtBoot(queue, queue.bootId)
  return atBoot === null ? queue.now() - (queue.uptimeMs() - askedAtUptimeMs) : atBoot + askedAtUptimeMs
}

/** How old addresses are, in milliseconds; below 0 where only a clock that was set back can tell. */
export const addressAgeMs = (queue: Queue, urlsIssuedAt: number): number =>
  issuedAt(queue, queue.uptimeMs()) - urlsIssuedAt

/** Whether addresses have surely run out: a clock of this device alone is no reason to throw away what has arrived. */
export const areAddressesDead = (queue: Queue, urlsIssuedAt: number): boolean =>
  serverAtBoot(queue, queue.bootId) !== null && partUrlIsDead(urlsIssuedAt, issuedAt(queue, queue.uptimeMs()))
