/**
 * How often and when something that failed is tried again. Pure: the caller brings the attempt count and the randomness.
 * The numbers are the guide's: 10 attempts of one operation make a job attempt, 3 job attempts make 30; then one last try after the
 * next boot of the machine; then it is for a person to decide.
 */
export type RetryLimits = {
  attemptsPerJob: number
  jobs: number
  /** Upper bound of the first delay; doubles with each attempt of the same job. */
  baseDelayMs: number
  maxDelayMs: number
  /** Upper bound of the pause after a whole job has failed; doubles with each job. */
  jobPauseMs: number
}

export const retryLimits: RetryLimits = {
  attemptsPerJob: 10,
  jobs: 3,
  baseDelayMs: 1_000,
  maxDelayMs: 60_000,
  jobPauseMs: 300_000,
}

export type RetryDecision =
  /** Soon again, in its place. */
  | { kind: 'backoff'; delayMs: number }
  /** A job attempt is used up: later again, behind everything that has not failed. */
  | { kind: 'deprioritise'; delayMs: number }
  /** All job attempts are used up: once more after the machine has booted. */
  | { kind: 'awaitRestart' }
  /** The last try has failed too. */
  | { kind: 'giveUp' }

/**
 * Decides what follows a failed attempt. `attempts` counts every attempt that was begun, this one included, from 1;
 * `random` is in [0, 1). Delays have full jitter, so that a thousand devices do not come back together; `minDelayMs` is what the
 * destination asked for and is never undercut.
 */
export function decideRetry(
  attempts: number,
  random: number,
  minDelayMs = 0,
  limits: RetryLimits = retryLimits,
): RetryDecision {
  const total = limits.attemptsPerJob * limits.jobs
  if (attempts > total) return { kind: 'giveUp' }
  if (attempts === total) return { kind: 'awaitRestart' }
  const inJob = attempts % limits.attemptsPerJob
  const bound = inJob === 0 ? jobPauseBoundMs(attempts / limits.attemptsPerJob, limits) : backoffBoundMs(inJob, limits)
  const delayMs = Math.max(minDelayMs, fullJitterMs(bound, random))
  return { kind: inJob === 0 ? 'deprioritise' : 'backoff', delayMs }
}

/** Upper bound of the delay after the `attemptInJob`-th failure of a job, without jitter; milliseconds. */
export function backoffBoundMs(attemptInJob: number, limits: RetryLimits = retryLimits): number {
  // 2 ** 40 seconds is past any cap; without the bound a large count would turn into Infinity.
  return Math.min(limits.maxDelayMs, limits.baseDelayMs * 2 ** Math.min(40, Math.max(0, attemptInJob - 1)))
}

function jobPauseBoundMs(jobsDone: number, limits: RetryLimits): number {
  return limits.jobPauseMs * 2 ** Math.max(0, jobsDone - 1)
}

/** A whole number of milliseconds, evenly spread over [0, bound]. */
export function fullJitterMs(boundMs: number, random: number): number {
  return Math.floor(Math.min(Math.max(random, 0), 1) * boundMs)
}
