import { c2cErrors } from '@rushes/protocol'
import type { LoggedRequest, Operation } from './request-log.ts'

/** What can go wrong with one request. Faults act in the order of the request's life: body, processing, reply. */
export type Fault =
  /** Answers without processing. `early`: before the body was read, as object stores refuse. */
  | { kind: 'reply'; status: number; headers?: Record<string, string>; body?: string; early?: boolean }
  /** The connection is reset once so many bytes of the request's body have come; nothing is processed. */
  | { kind: 'resetMidBody'; afterBytes: number }
  /** Reads no further, or keeps the reply back, until the fault is removed. */
  | { kind: 'stall'; at: 'body'; afterBytes: number }
  | { kind: 'stall'; at: 'reply' }
  | { kind: 'latency'; delayMs: number }
  /** The body was read, nothing processed, the connection reset. */
  | { kind: 'dropBefore' }
  /** Processed, but the connection is reset instead of the reply. */
  | { kind: 'loseReply' }
  /** Processed, and half of the reply's body is sent. */
  | { kind: 'truncateReply' }

type ReplyFault = Extract<Fault, { kind: 'reply' }>

const json = (status: number, body: unknown, headers: Record<string, string> = {}): ReplyFault => ({
  kind: 'reply',
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})
const xml = (status: number, code: string, message: string): ReplyFault => ({
  kind: 'reply',
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>R1</RequestId></Error>`,
})
const page = '<!DOCTYPE html><html><body>Sign in to the guest network</body></html>'
const html = (status: number, headers: Record<string, string> = {}): ReplyFault => ({
  kind: 'reply',
  status,
  headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
  body: page,
})

/** The faults that have names. */
export const faults = {
  captivePortal: html(200),
  captiveRedirect: html(302, { location: 'http://portal.invalid/' }),
  notFoundByIntermediary: html(404),
  badGateway: html(502),
  serverError: json(500, c2cErrors.somethingWentWrong),
  notAuthorized: json(401, c2cErrors.notAuthorized),
  channelPaused: json(409, c2cErrors.channelPaused),
  notFound: json(404, c2cErrors.notFound),
  quotaExceeded: json(402, { code: 402, errors: [], message: 'Usage Exceeded' }),
  rateLimited: json(429, c2cErrors.rateLimited, {
    'x-ratelimit-limit': '5',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-window': '1000',
  }),
  rateLimitedFor: (seconds: number) => json(429, c2cErrors.rateLimited, { 'retry-after': String(seconds) }),
  wrongShape: json(200, { surprise: true }),
  slowDown: xml(503, 'SlowDown', 'Please reduce your request rate.'),
  internalError: xml(500, 'InternalError', 'We encountered an internal error. Please try again.'),
  requestTimeout: xml(
    400,
    'RequestTimeout',
    'Your socket connection to the server was not read from or written to within the timeout period.',
  ),
  urlExpired: xml(403, 'AccessDenied', 'Request has expired'),
  clockSkewed: xml(
    403,
    'RequestTimeTooSkewed',
    'The difference between the request time and the current time is too large.',
  ),
  noSuchUpload: xml(404, 'NoSuchUpload', 'The specified upload does not exist.'),
  resetMidBody: (afterBytes: number): Fault => ({ kind: 'resetMidBody', afterBytes }),
  stallMidBody: (afterBytes: number): Fault => ({ kind: 'stall', at: 'body', afterBytes }),
  stallReply: { kind: 'stall', at: 'reply' },
  dropBefore: { kind: 'dropBefore' },
  loseReply: { kind: 'loseReply' },
  truncateReply: { kind: 'truncateReply' },
  latency: (delayMs: number): Fault => ({ kind: 'latency', delayMs }),
} as const satisfies Record<string, Fault | ((amount: number) => Fault)>

export type When = {
  operation?: Operation | readonly Operation[]
  /** Of the path without its query. */
  path?: RegExp
  /** Counted among the matching requests from now on, from 1. */
  nth?: number
  /** How many, from the `nth` on; 1 unless said. */
  times?: number
}

export type InjectedFault = {
  readonly hitCount: number
  /** Resolves with the first request that it hits. */
  readonly firstHit: Promise<LoggedRequest>
  /** What it stalls flows on. */
  remove(): void
}

export type ActiveFault = { fault: Fault; removed: Promise<void> }

export class FaultScript {
  readonly #rules = new Set<InjectedFault & { hit(request: LoggedRequest): ActiveFault | null }>()

  inject(fault: Fault, when: When): InjectedFault {
    const { nth = 1, times = 1 } = when
    const removed = Promise.withResolvers<void>()
    const first = Promise.withResolvers<LoggedRequest>()
    let seenCount = 0
    let hitCount = 0
    const rule = {
      get hitCount() {
        return hitCount
      },
      firstHit: first.promise,
      hit: (request: LoggedRequest) => {
        if (!matches(when, request)) return null
        seenCount += 1
        if (seenCount < nth || seenCount >= nth + times) return null
        hitCount += 1
        first.resolve(request)
        return { fault, removed: removed.promise }
      },
      remove: () => {
        this.#rules.delete(rule)
        removed.resolve()
      },
    }
    this.#rules.add(rule)
    return rule
  }

  /** Those that act on this request; each call counts it. */
  hitBy(request: LoggedRequest): ActiveFault[] {
    return [...this.#rules].flatMap((rule) => rule.hit(request) ?? [])
  }

  heal(): void {
    for (const rule of this.#rules) rule.remove()
  }
}

function matches({ operation, path }: When, request: LoggedRequest): boolean {
  if (operation !== undefined && ![operation].flat().includes(request.operation)) return false
  return path === undefined || path.test(request.path)
}
