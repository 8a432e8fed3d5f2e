import { partUrlLifetimeMs } from '@rushes/protocol'

/**
 * A claim of one worker on one row. `token` grows with every claim (a fencing token): a result that carries an older one is the
 * result of somebody who has lost the row and changes nothing. `until` is in the claimer's monotonic milliseconds, never wall time,
 * so that setting the device's clock neither ends a lease nor makes it eternal.
 */
export type Lease = { token: number; until: number }

/** The lease must outlive the stall limit, or the sweeper would hand out a part whose first sender is still about to finish. */
export const leaseRules = { leaseMs: 90_000, renewEveryMs: 20_000, stallMs: 30_000 } as const

export const takeLease = (token: number, monotonicNowMs: number, leaseMs: number = leaseRules.leaseMs): Lease => ({
  token,
  until: Math.ceil(monotonicNowMs + leaseMs),
})

/** Whether the holder may still be at work; at `until` itself the lease is over. */
export const leaseIsLive = (lease: Lease, monotonicNowMs: number): boolean => monotonicNowMs < lease.until

/** Whether a result that carries `token` comes from the present holder. */
export const holdsLease = (lease: Lease, token: number): boolean => lease.token === token

/** Whether a signed part address is surely dead; an asset made so long ago has to be made anew before anything is sent to it. */
export const partUrlIsDead = (urlsIssuedAt: number, now: number): boolean => now - urlsIssuedAt >= partUrlLifetimeMs
