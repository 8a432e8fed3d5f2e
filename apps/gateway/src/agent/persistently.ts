import { withRetries } from '../retry.ts'
import type { AgentSession } from './session.ts'

/** Tries again while the database is away for a moment; the device's frames wait behind this one meanwhile. */
export function persistently<Result>(
  session: AgentSession,
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  return withRetries(work, {
    tries: 5,
    firstDelayMs: 200,
    signal: session.signal,
    onFailure: (error) => session.log.warn({ err: error, what }, 'trying again'),
  })
}
