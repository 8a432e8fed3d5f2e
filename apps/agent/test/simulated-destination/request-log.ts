import type { IncomingHttpHeaders } from 'node:http'

export type Operation =
  | 'discovery'
  | 'health'
  | 'deviceCode'
  | 'token'
  | 'revoke'
  | 'me'
  | 'heartbeat'
  | 'create'
  | 'realtimeParts'
  | 'part'
  | 'custody'
  | 'asset'
  | 'receipt'
  | 'ownAssets'
  | 'unknown'

/** Which call a request is, by method and path alone. */
export function operationOf(method: string, path: string): Operation {
  const known: Record<string, Operation> = {
    'GET /.well-known/rushes': 'discovery',
    'GET /health': 'health',
    'POST /v2/auth/device/code': 'deviceCode',
    'POST /v2/auth/token': 'token',
    'POST /v2/auth/revoke': 'revoke',
    'GET /v2/devices/me': 'me',
    'POST /v2/devices/heartbeat': 'heartbeat',
    'POST /v2/devices/assets': 'create',
  }
  const exact = known[`${method} ${path}`]
  if (exact !== undefined) return exact
  if (method === 'PUT' && path.startsWith('/parts/')) return 'part'
  if (method === 'POST' && /^\/v2\/devices\/assets\/[^/]+\/realtime_upload\/parts$/.test(path)) return 'realtimeParts'
  if (method === 'PUT' && /^\/v2\/devices\/assets\/[^/]+\/custody$/.test(path)) return 'custody'
  if (method === 'GET' && /^\/v2\/devices\/assets\/[^/]+$/.test(path)) return 'asset'
  if (method === 'GET' && path === '/v2/devices/assets') return 'ownAssets'
  if (method === 'PUT' && /^\/v2\/devices\/purge-receipts\/[^/]+$/.test(path)) return 'receipt'
  return 'unknown'
}

/** One request as it came, in the order in which its head came. */
export type LoggedRequest = {
  seq: number
  operation: Operation
  method: string
  /** Without the query. */
  path: string
  headers: IncomingHttpHeaders
  /** Counted from 1 as connections came; tells whether they are used again. */
  connection: number
  /** Of the body, as far as it came. */
  bodyBytes: number
  /** xxh64 of the body; null until all of it has come. */
  bodyXxh64: string | null
  /** The body of an API call: fields of the form, or the JSON; undefined for parts and until it has come. */
  body: unknown
  /** What was answered; null while it is not, and when the connection broke instead. */
  status: number | null
  /** Nothing more will happen with this request. */
  ended: boolean
}

/** Requests in order, and a way to wait for what they bring about. */
export class RequestLog {
  readonly requests: LoggedRequest[] = []
  readonly #waiting = new Set<() => void>()

  begin(request: Pick<LoggedRequest, 'method' | 'path' | 'headers' | 'connection'>): LoggedRequest {
    const entry: LoggedRequest = {
      seq: this.requests.length + 1,
      operation: operationOf(request.method, request.path),
      ...request,
      bodyBytes: 0,
      bodyXxh64: null,
      body: undefined,
      status: null,
      ended: false,
    }
    this.requests.push(entry)
    this.changed()
    return entry
  }

  /** Looks again at every awaited condition. */
  changed(): void {
    for (const look of this.#waiting) look()
  }

  /** Resolves once the condition holds; it is looked at whenever anything happens here. Rejects with `what` at the deadline. */
  async until(condition: () => boolean, what: string, deadlineMs: number): Promise<void> {
    const done = Promise.withResolvers<void>()
    const look = () => {
      if (condition()) done.resolve()
    }
    const timer = setTimeout(() => {
      const last = this.requests.slice(-5).map(({ method, path, status }) => `${method} ${path} → ${status}`)
      done.reject(
        new Error(`${what}: not within ${deadlineMs} ms; last of ${this.requests.length}: ${last.join(', ')}`),
      )
    }, deadlineMs)
    this.#waiting.add(look)
    look()
    try {
      await done.promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(look)
    }
  }
}
