import { matchesPattern, type ProxiedRequest, type RequestPattern } from './request-pattern.ts'

/** Holds one request, so that a test can look at, or change, the world while it is under way. */
export type RequestGate = {
  /** Every request passes here; resolves at once for all but the one that is meant. */
  pass(request: ProxiedRequest): Promise<void>
  /** Resolves when the request that is meant stands at the gate. */
  readonly arrived: Promise<ProxiedRequest>
  /** Lets it go on. Before it has come: it will not be held at all. */
  release(): void
}

/** @param options.occurrence which of the matching requests is held, counted from 1 */
export function createRequestGate(options: { when?: RequestPattern; occurrence?: number } = {}): RequestGate {
  const { when = {}, occurrence = 1 } = options
  const arrived = Promise.withResolvers<ProxiedRequest>()
  const released = Promise.withResolvers<void>()
  let seen = 0
  return {
    arrived: arrived.promise,
    release: () => released.resolve(),
    pass: async (request) => {
      if (!matchesPattern(when, request)) return
      seen += 1
      if (seen !== occurrence) return
      arrived.resolve(request)
      await released.promise
    },
  }
}
