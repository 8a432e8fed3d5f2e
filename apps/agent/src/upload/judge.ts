import {
  type Consequence,
  classifyFailure,
  consequenceOf,
  type Failure,
  type Operation,
  type RetryLimits,
  type UploadError,
  type Verdict,
  verdictOnExpiry,
  verdictWhenAuthorized,
  verdictWhenDenied,
} from '@rushes/upload-core'
import type { Queue } from '../queue/open-queue.ts'
import type { Authorization } from './authorization.ts'
import type { Gate } from './gate.ts'
import { closeGateFor } from './keep-authorized.ts'

export type Judgement =
  | { kind: 'consequence'; consequence: Consequence }
  /** The tokens were renewed and the project is the same: the same call can be made again at once. */
  | { kind: 'replay' }
  | { kind: 'aborted' }

export type JudgeOptions = {
  queue: Queue
  gate: Gate
  authorization: Authorization
  random(): number
  limits?: RetryLimits
}

export type Judged = {
  operation: Operation
  failure: Failure
  error: UploadError
  attempts: number
  /** The token that the call was made with, where it carried one. */
  accessToken?: string
  /** How long ago the signed address that was used was given out. */
  addressAgeMs?: number
  /** Our ingest was asked: the upload lives, and lacks this part. */
  uploadLives?: boolean
  /** Whether this call was already a replay. */
  isReplay: boolean
}

/**
 * What the failure of a call leads to: the verdict of the table, the destination's health where that decides who is to blame, renewed
 * tokens and a fresh look at the project where they were refused, and the gate closed where the cause concerns every upload.
 */
export async function judge(options: JudgeOptions, judged: Judged): Promise<Judgement> {
  const { gate, queue, random, limits } = options
  let verdict = classifyFailure(judged.operation, judged.failure)
  if (verdict.kind === 'authorize') {
    const authorized = await authorize(options, judged)
    if (authorized.kind !== 'verdict') return authorized
    verdict = authorized.verdict
  }
  if (judged.addressAgeMs !== undefined) verdict = verdictOnExpiry(verdict, judged.addressAgeMs)
  const destinationHealthy = verdict.kind === 'retry' && verdict.blame === 'unclear' ? await gate.isHealthy() : true
  const consequence = consequenceOf(verdict, {
    attempts: judged.attempts,
    destinationHealthy,
    now: queue.now(),
    bootId: queue.bootId,
    random: random(),
    ...(limits === undefined ? {} : { limits }),
  })
  closeGate(gate, verdict, consequence, judged.error)
  return { kind: 'consequence', consequence }
}

async function authorize(
  { authorization, gate }: JudgeOptions,
  { operation, accessToken, addressAgeMs = Number.POSITIVE_INFINITY, uploadLives = false, isReplay }: Judged,
): Promise<{ kind: 'replay' } | { kind: 'aborted' } | { kind: 'verdict'; verdict: Verdict }> {
  if (uploadLives) return { kind: 'verdict', verdict: verdictWhenDenied(addressAgeMs) }
  if (isReplay) return { kind: 'verdict', verdict: verdictWhenAuthorized(operation) }
  const confirmation = await authorization.confirm(accessToken === undefined ? {} : { refusedToken: accessToken })
  switch (confirmation.kind) {
    case 'confirmed':
      // A part carries no token: the same address would be refused again.
      return operation === 'part' && !confirmation.moved
        ? { kind: 'verdict', verdict: verdictWhenAuthorized('part') }
        : { kind: 'replay' }
    case 'aborted':
      return confirmation
    case 'lost':
    case 'notPaired':
      return { kind: 'verdict', verdict: { kind: 'authorizationLost' } }
    case 'failed':
      closeGateFor(gate, confirmation)
      return { kind: 'verdict', verdict: { kind: 'authorize' } }
  }
}

function closeGate(gate: Gate, verdict: Verdict, consequence: Consequence, error: UploadError): void {
  if (consequence.kind !== 'tryAgain' || consequence.counted) return
  const atLeastMs = verdict.kind === 'retry' ? verdict.minDelayMs : 0
  switch (consequence.reason) {
    case 'offline':
    case 'destinationDown':
    case 'rateLimited':
    case 'forbidden':
    case 'quotaExceeded':
    case 'clockSkewed':
      gate.close(consequence.reason, error.message, atLeastMs)
  }
}
