import type { S3Client } from '@aws-sdk/client-s3'

/**
 * How far the clock of a store is from ours. Addresses are judged by the store's clock, so they are dated by it: with ours they would
 * be dead, or not yet good, where the two differ.
 */
export type StoreClock = {
  /** Reads the time of every answer that this client gets. */
  watch(client: S3Client): void
  /** How much the store's clock is ahead, in milliseconds; 0 while they agree but for a minute, or nothing is known. */
  aheadMs(): number
  /** The store's time at an instant of ours. */
  at(now: Date): Date
}

/** Answers are dated in whole seconds and take a while; what differs by less is no difference. */
const toleranceMs = 60_000

export function createStoreClock(now: () => Date): StoreClock {
  let measuredMs = 0
  const aheadMs = () => (Math.abs(measuredMs) < toleranceMs ? 0 : measuredMs)
  return {
    aheadMs,
    at: (instant) => new Date(instant.getTime() + aheadMs()),
    watch(client) {
      client.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args)
          const date = dateOf(result.response)
          if (date !== null) measuredMs = date - now().getTime()
          return result
        },
        // Innermost, so that it sees refusals too.
        { name: 'readStoreClock', step: 'deserialize', priority: 'low' },
      )
    },
  }
}

function dateOf(response: unknown): number | null {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return null
  const { headers } = response
  if (typeof headers !== 'object' || headers === null || !('date' in headers)) return null
  const at = typeof headers.date === 'string' ? Date.parse(headers.date) : Number.NaN
  return Number.isNaN(at) ? null : at
}
