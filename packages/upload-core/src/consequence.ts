import type { Verdict } from './failure-classification.ts'
import { decideRetry, fullJitterMs, type RetryLimits, retryLimits } from './retry-policy.ts'
import type { FailedReason, WaitingReason } from './upload-state.ts'

/** What a failed attempt leads to. `at` is when to try again, in the caller's wall milliseconds; null: when its cause has passed. */
export type Consequence =
  | { kind: 'tryAgain'; reason: WaitingReason; at: number | null; counted: boolean; deprioritised: boolean }
  | { kind: 'awaitRestart'; bootId: string }
  | { kind: 'startOver'; reason: 'urlExpired' | 'uploadLostByDestination' }
  | { kind: 'block' }
  | { kind: 'clear' }
  | { kind: 'fail'; reason: FailedReason }

export type ConsequenceInput = {
  /** Attempts begun, this one included. */
  attempts: number
  /** Whether the destination answers otherwise; decides who is to blame for a failure that either side may have caused. */
  destinationHealthy: boolean
  now: number
  bootId: string
  random: number
  limits?: RetryLimits
}

const slowRetryMs = 300_000

/**
 * Joins the verdict on a failure with the retry policy. A failure of the surroundings does not count against the clip: a day without
 * network must not use up its tries.
 */
export function consequenceOf(verdict: Verdict, input: ConsequenceInput): Consequence {
  switch (verdict.kind) {
    case 'retry':
      if (verdict.blame === 'surroundings' || (verdict.blame === 'unclear' && !input.destinationHealthy)) {
        // Whose answer was not the destination's at all (a portal's page) keeps its own reason.
        return surroundings(
          verdict.reason === 'backoff' ? 'destinationDown' : verdict.reason,
          verdict.minDelayMs,
          input,
        )
      }
      return counted(verdict.minDelayMs, input)
    case 'slowRetry':
      return {
        kind: 'tryAgain',
        reason: verdict.reason,
        at: input.now + slowRetryMs + fullJitterMs(slowRetryMs / 2, input.random),
        counted: false,
        deprioritised: false,
      }
    case 'authorize':
      return { kind: 'tryAgain', reason: 'awaitingFence', at: null, counted: false, deprioritised: false }
    case 'authorizationLost':
      return { kind: 'tryAgain', reason: 'authorizationLost', at: null, counted: false, deprioritised: false }
    case 'block':
      return { kind: 'block' }
    case 'startOver':
      return { kind: 'startOver', reason: verdict.reason }
    case 'fail':
      return { kind: 'fail', reason: verdict.reason }
    case 'sourceDeleted':
      return { kind: 'clear' }
    case 'sourceRemoved':
      return { kind: 'tryAgain', reason: 'sourceRemoved', at: null, counted: false, deprioritised: false }
  }
}

function surroundings(reason: WaitingReason, minDelayMs: number, input: ConsequenceInput): Consequence {
  // A rate limit passes with time; the others end when the prober reaches the destination again.
  const at = reason === 'rateLimited' ? input.now + minDelayMs + fullJitterMs(minDelayMs, input.random) : null
  return { kind: 'tryAgain', reason, at, counted: false, deprioritised: false }
}

/** The consequence of one more attempt that counts; also used for attempts that ended with the process that made them. */
export function counted(
  minDelayMs: number,
  input: Pick<ConsequenceInput, 'attempts' | 'now' | 'bootId' | 'random' | 'limits'>,
): Consequence {
  const decision = decideRetry(input.attempts, input.random, minDelayMs, input.limits ?? retryLimits)
  switch (decision.kind) {
    case 'backoff':
      return {
        kind: 'tryAgain',
        reason: 'backoff',
        at: input.now + decision.delayMs,
        counted: true,
        deprioritised: false,
      }
    case 'deprioritise':
      return {
        kind: 'tryAgain',
        reason: 'deprioritised',
        at: input.now + decision.delayMs,
        counted: true,
        deprioritised: true,
      }
    case 'awaitRestart':
      return { kind: 'awaitRestart', bootId: input.bootId }
    case 'giveUp':
      return { kind: 'fail', reason: 'attemptsExhausted' }
  }
}
