import { setTimeout as wait } from 'node:timers/promises'

/**
 * Does something that may fail for a passing cause, such as a database that restarts: up to `tries` times, with exponential
 * backoff and jitter over its upper half. Each failure but the last is told to `onFailure`; the last is thrown.
 */
export async function withRetries<Result>(
  work: () => Promise<Result>,
  options: { tries: number; firstDelayMs: number; signal: AbortSignal; onFailure: (error: unknown) => void },
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= options.tries || options.signal.aborted) throw error
      options.onFailure(error)
      const ceilingMs = options.firstDelayMs * 2 ** (attempt - 1)
      await wait((0.5 + Math.random() / 2) * ceilingMs, undefined, { signal: options.signal })
    }
  }
}
