import { c2cErrors, detailedError, simpleError } from '@rushes/protocol'
import type { FailedReason, WaitingReason } from './upload-state.ts'

/** Which call failed; the same status means different things for different calls. */
export type Operation = 'create' | 'addresses' | 'part' | 'identity' | 'refresh' | 'custody' | 'receipt'

/** What was seen of a failure. `body` is the beginning of the reply as text. */
export type Failure =
  | { kind: 'reply'; status: number; contentType: string; body: string; retryAfterMs: number | null }
  /** A success status with a body that the destination would not send. */
  | { kind: 'malformedReply'; status: number }
  /** No reply: `code` is the error's code of the network stack. */
  | { kind: 'network'; code: string }
  /** No byte moved for the stall limit. */
  | { kind: 'stalled' }
  /** The local file. `volumePresent`: whether the volume that it lay on is still there. */
  | { kind: 'source'; problem: SourceProblem; volumePresent: boolean }

export type SourceProblem = 'missing' | 'changed' | 'truncated' | 'unreadable' | 'notARegularFile'

/**
 * `item`: counts against the clip. `surroundings`: network or destination, does not count. `unclear`: either; the destination's health decides.
 */
export type Blame = 'item' | 'surroundings' | 'unclear'

export type Verdict =
  | { kind: 'retry'; blame: Blame; reason: WaitingReason; minDelayMs: number }
  /** Only a person at the destination can mend it; looked at again every few minutes. */
  | { kind: 'slowRetry'; reason: Extract<WaitingReason, 'forbidden' | 'quotaExceeded' | 'clockSkewed'> }
  /** Refresh the tokens, read the identity, clear if the project changed, then go on. */
  | { kind: 'authorize' }
  | { kind: 'authorizationLost' }
  /** Captured while sharing was paused: final for this clip. */
  | { kind: 'block' }
  /** The asset or its addresses are dead: make a new asset. */
  | { kind: 'startOver'; reason: 'urlExpired' | 'uploadLostByDestination' }
  | { kind: 'fail'; reason: FailedReason }
  | { kind: 'sourceDeleted' }
  | { kind: 'sourceRemoved' }

const transient = (blame: Blame, reason: WaitingReason = 'backoff', minDelayMs = 0): Verdict => ({
  kind: 'retry',
  blame,
  reason,
  minDelayMs,
})

/**
 * Judges a failed call. HTTP status first, then the message or title of the body (a body's own `code` is known to disagree in the
 * platform's documents), for part uploads the XML error code of the object store.
 */
export function classifyFailure(operation: Operation, failure: Failure): Verdict {
  switch (failure.kind) {
    case 'network':
      return isUnreachable(failure.code) ? transient('surroundings', 'offline') : transient('unclear')
    case 'stalled':
      return transient('unclear')
    case 'malformedReply':
      // A captive portal answers everything with a page of its own and 200, also the question for the destination's health.
      return transient('unclear', 'offline')
    case 'source':
      return classifySource(failure.problem, failure.volumePresent)
    case 'reply':
      if (failure.status < 400) return transient('unclear', 'offline')
      if (isOfIntermediary(failure)) return classifyPage(operation, failure.status, failure.retryAfterMs)
      if (operation === 'part') return classifyPartReply(failure.status, failure.body, failure.retryAfterMs)
      if (operation === 'refresh') return classifyRefreshReply(failure.status, failure.body, failure.retryAfterMs)
      return classifyApiReply(operation, failure.status, failure.body, failure.retryAfterMs)
  }
}

function classifySource(problem: SourceProblem, volumePresent: boolean): Verdict {
  if (!volumePresent) return { kind: 'sourceRemoved' }
  switch (problem) {
    case 'missing':
      return { kind: 'sourceDeleted' }
    case 'changed':
    case 'notARegularFile':
      return { kind: 'fail', reason: 'sourceChanged' }
    case 'truncated':
      return { kind: 'fail', reason: 'sourceTruncated' }
    case 'unreadable':
      return transient('item')
  }
}

/** Codes of connections that were never made: no route, no name, nobody listening, no trust. */
const unreachableCodes = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
]) // prettier-ignore

const isUnreachable = (code: string): boolean => unreachableCodes.has(code)

/** Filters, gateways and portals refuse with pages of their own; neither the device API nor an object store does. */
const isOfIntermediary = ({ status, contentType, body }: Extract<Failure, { kind: 'reply' }>): boolean =>
  status < 500 && status !== 429 && looksLikeWebPage(contentType, body)

/** The destination has not spoken: nothing of the clip, its asset or the tokens is judged by what stands between. */
function classifyPage(operation: Operation, status: number, retryAfterMs: number | null): Verdict {
  if (operation === 'refresh') return transient('surroundings', 'destinationDown', retryAfterMs ?? 0)
  if (status === 403) return { kind: 'slowRetry', reason: 'forbidden' }
  return transient('unclear', 'offline', retryAfterMs ?? 0)
}

function classifyApiReply(operation: Operation, status: number, body: string, retryAfterMs: number | null): Verdict {
  const title = errorTitle(body)
  switch (status) {
    case 401:
      return { kind: 'authorize' }
    case 402:
      return { kind: 'slowRetry', reason: 'quotaExceeded' }
    case 403:
      // Ours: the device was moved; reading the identity and sending the receipt opens the way again.
      if (title === c2cErrors.projectChanged.message || title === c2cErrors.purgeReceiptMissing.message)
        return { kind: 'authorize' }
      return { kind: 'slowRetry', reason: 'forbidden' }
    case 404:
      // It may come from an intermediary; an API that knows the path says so in its own shape only once the asset is gone.
      if ((operation === 'custody' || operation === 'addresses') && title !== null)
        return { kind: 'startOver', reason: 'uploadLostByDestination' }
      return transient('item')
    case 408:
      return transient('unclear', 'backoff', retryAfterMs ?? 0)
    case 409:
      // Not every 409 is the pause: the words decide, the number does not.
      return title === c2cErrors.channelPaused.message ? { kind: 'block' } : transient('item')
    case 429:
      return transient('surroundings', 'rateLimited', Math.max(1_000, retryAfterMs ?? 0))
    case 507:
      return { kind: 'slowRetry', reason: 'quotaExceeded' }
  }
  if (status >= 500) return transient('unclear', 'destinationDown', retryAfterMs ?? 0)
  // A destination says in words what it will not take; who says nothing may be anybody.
  if (body.trim() === '') return transient('unclear', 'backoff', retryAfterMs ?? 0)
  return { kind: 'fail', reason: 'rejectedByDestination' }
}

function classifyRefreshReply(status: number, body: string, retryAfterMs: number | null): Verdict {
  const parsed = simpleError.safeParse(parseJson(body))
  const code = parsed.success ? parsed.data.error : null
  if (status === 401 || code === 'invalid_request' || code === 'invalid_grant' || code === 'invalid_client')
    return { kind: 'authorizationLost' }
  if (status === 429) return transient('surroundings', 'rateLimited', Math.max(1_000, retryAfterMs ?? 0))
  if (status === 403) return { kind: 'slowRetry', reason: 'forbidden' }
  // Whatever else answers here says nothing about the token: keep it and ask again.
  return transient('surroundings', 'destinationDown', retryAfterMs ?? 0)
}

function classifyPartReply(status: number, body: string, retryAfterMs: number | null): Verdict {
  const code = xmlElement(body, 'Code')
  switch (code) {
    case 'RequestTimeout':
    case 'IncompleteBody':
    case 'InternalError':
      return transient('unclear', 'backoff', retryAfterMs ?? 0)
    case 'SlowDown':
    case 'ServiceUnavailable':
      return transient('surroundings', 'rateLimited', Math.max(1_000, retryAfterMs ?? 0))
    case 'RequestTimeTooSkewed':
      return { kind: 'slowRetry', reason: 'clockSkewed' }
    case 'NoSuchUpload':
    case 'NoSuchKey':
      return { kind: 'startOver', reason: 'uploadLostByDestination' }
    case 'SignatureDoesNotMatch':
      return { kind: 'fail', reason: 'rejectedByDestination' }
    case 'AccessDenied':
    case 'ExpiredToken':
      if (code === 'ExpiredToken' || /expired/i.test(xmlElement(body, 'Message') ?? ''))
        return { kind: 'startOver', reason: 'urlExpired' }
      // The asset was closed under us (the device moved), or the store forbids: what the API says next decides.
      return { kind: 'authorize' }
  }
  // Stores name what they deny; without a code it is a filter on the way that forbids, and says nothing of the upload.
  if (status === 403) return code === null ? { kind: 'slowRetry', reason: 'forbidden' } : { kind: 'authorize' }
  if (status === 404) return transient('item')
  if (status === 429 || status === 503)
    return transient('surroundings', 'rateLimited', Math.max(1_000, retryAfterMs ?? 0))
  if (status === 507) return { kind: 'slowRetry', reason: 'quotaExceeded' }
  if (status === 408 || status >= 500) return transient('unclear', 'backoff', retryAfterMs ?? 0)
  return transient('item')
}

/**
 * The verdict on a call that was answered `authorize` although the tokens were just renewed and the identity, read again, names the
 * same project. Without it two sides that disagree would keep each other busy for ever.
 */
export function verdictWhenAuthorized(operation: Operation): Verdict {
  if (operation === 'part') return { kind: 'startOver', reason: 'uploadLostByDestination' }
  return { kind: 'slowRetry', reason: 'forbidden' }
}

const youngestExpiredMs = 60_000

/**
 * Whether an address that is refused so long after it was given out cannot have run out: it was dead from the start. An age below 0 is a
 * clock's that was set back, and says nothing.
 */
export const isDeadFromTheStart = (ageMs: number): boolean => ageMs >= 0 && ageMs < youngestExpiredMs

/**
 * The same where our ingest says that the upload lives and lacks the part, `ageMs` after its address was given out: nothing of it is lost. An
 * address that is not fresh any more may have been replaced; new ones of the same asset cost nothing.
 */
export function verdictWhenDenied(ageMs: number): Verdict {
  return isDeadFromTheStart(ageMs)
    ? { kind: 'slowRetry', reason: 'forbidden' }
    : { kind: 'startOver', reason: 'urlExpired' }
}

/**
 * The verdict on a part whose address was refused as expired `ageMs` after it was given out. One that is dead from the start is no
 * better the next time: it counts as an upload that the destination has lost, which is tried anew once and then left to a person.
 */
export function verdictOnExpiry(verdict: Verdict, ageMs: number): Verdict {
  const isTooYoung = verdict.kind === 'startOver' && verdict.reason === 'urlExpired' && isDeadFromTheStart(ageMs)
  return isTooYoung ? { kind: 'startOver', reason: 'uploadLostByDestination' } : verdict
}

/** The words of a detailed error body: its title, else its message; null when the body has another shape. */
export function errorTitle(body: string): string | null {
  const parsed = detailedError.safeParse(parseJson(body))
  if (!parsed.success) return null
  return parsed.data.errors[0]?.title ?? parsed.data.message
}

/** Whether a reply's body is a web page, which no call of the device API or of an object store answers with. */
export function looksLikeWebPage(contentType: string, body: string): boolean {
  return /^text\/html\b/i.test(contentType.trim()) || /^\s*(<!doctype html|<html)/i.test(body)
}

function xmlElement(body: string, name: string): string | null {
  return new RegExp(`<${name}>([^<]{0,300})</${name}>`).exec(body)?.[1] ?? null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is one of the expected shapes of an error body; the caller decides by the status then.
    return null
  }
}
