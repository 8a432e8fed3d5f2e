import { detailedError, simpleError } from '@rushes/protocol'
import { header, type Reply } from './exchange.ts'
import type { CallFailure, RateLimit } from './port.ts'

const maxShownLength = 500
const maxRetryAfterMs = 3_600_000

/**
 * A reply that is not a success, reduced to what decides and what is worth showing. Object stores print the signed request, keys and
 * all, into some of their errors, and intermediaries echo headers; so the body is built anew from the known fields, and
 * `secrets` are blotted out of the rest.
 */
export function replyFailure(
  reply: Reply,
  body: string,
  secrets: readonly string[],
): Extract<CallFailure, { kind: 'reply' }> {
  return {
    kind: 'reply',
    status: reply.statusCode,
    contentType: header(reply, 'content-type') ?? '',
    body: safeBody(body, secrets),
    retryAfterMs: retryAfterMs(header(reply, 'retry-after'), header(reply, 'date')),
    rateLimit: rateLimitOf(reply),
  }
}

export function safeBody(body: string, secrets: readonly string[]): string {
  const blot = (text: string) => {
    let blotted = text
      .replace(/\b(https?:\/\/[^\s"'<>?]+)\?[^\s"'<>]*/g, '$1?…')
      .replace(/\bBearer\s+\S+/gi, 'Bearer …')
    for (const secret of secrets) if (secret !== '') blotted = blotted.replaceAll(secret, '…')
    return blotted.slice(0, maxShownLength)
  }
  const json = parseJson(body)
  const detailed = detailedError.safeParse(json)
  if (detailed.success) {
    const { code, errors, message } = detailed.data
    return JSON.stringify({
      code,
      errors: errors.slice(0, 3).map((error) => ({ ...error, detail: blot(error.detail), title: blot(error.title) })),
      message: blot(message),
    })
  }
  const simple = simpleError.safeParse(json)
  if (simple.success) return JSON.stringify({ error: blot(simple.data.error) })
  if (/<Error\b/.test(body)) {
    const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1]
    const elements = ['Code', 'Message', 'RequestId'].flatMap((name) => {
      const text = element(name)
      return text === undefined ? [] : [`<${name}>${blot(text)}</${name}>`]
    })
    return `<Error>${elements.join('')}</Error>`
  }
  return blot(body)
}

export function rateLimitOf(reply: Reply): RateLimit | null {
  const limit = count(header(reply, 'x-ratelimit-limit'))
  const remaining = count(header(reply, 'x-ratelimit-remaining'))
  const windowMs = count(header(reply, 'x-ratelimit-window'))
  return limit === null && remaining === null && windowMs === null ? null : { limit, remaining, windowMs }
}

/** Seconds, or an HTTP date; a date is compared with the server's own clock where it tells it. At most an hour. */
function retryAfterMs(value: string | null, serverDate: string | null): number | null {
  if (value === null) return null
  const seconds = count(value)
  if (seconds !== null) return Math.min(seconds * 1000, maxRetryAfterMs)
  const at = /^[A-Z][a-z]{2}, .+ GMT$/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(at)) return null
  const serverNow = Date.parse(serverDate ?? '')
  return Math.min(Math.max(0, at - (Number.isNaN(serverNow) ? Date.now() : serverNow)), maxRetryAfterMs)
}

function count(value: string | null): number | null {
  return value !== null && /^\d{1,15}$/.test(value.trim()) ? Number(value) : null
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not JSON is an expected shape; every caller parses the value and decides
  }
}
