import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import { countTaken } from './unsent-bytes.ts'
import { whenLeaving } from './when-leaving.ts'

/** A reply that has come to its end. `text` is null when the body was longer than the caller wanted to read; what followed was not read. */
export type Reply = { statusCode: number; headers: Dispatcher.ResponseData['headers']; text: string | null }

export type ExchangeOptions = {
  signal: AbortSignal
  /** From now to the last byte of the reply; none: no limit. */
  timeoutMs?: number
  maxReplyBytes: number
  /** Called when the request has a connection, before anything of it leaves. Whatever it throws is what the exchange ends with. */
  onStart?: () => void
  /** Called after that, before the body leaves; it must not throw. */
  onLeaving?: (connection: Socket) => void
}

/** The body is longer than wanted: the connection, on which more of it comes, is given up. */
class TooLongError extends Error {
  override readonly name = 'TooLongError'
}

class TimedOutError extends Error {
  override readonly name = 'TimedOutError'
  readonly code = 'ETIMEDOUT'
}

/**
 * Sends one request and resolves with its whole reply. Redirects are not followed: a credential must not travel to another host.
 * Rejects as soon as `signal` aborts, with its reason, or the time is over, also while the request still waits for a connection; and when the
 * connection breaks.
 *
 * By undici's `dispatch` and not by its `request`, whose reply is a stream: for a few hundred bytes that costs more than the request.
 */
export function exchange(
  dispatcher: Dispatcher,
  options: Omit<Dispatcher.DispatchOptions, 'signal'>,
  { signal, timeoutMs, maxReplyBytes, onStart, onLeaving }: ExchangeOptions,
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  if (signal.aborted) {
    reject(signal.reason)
    return promise
  }
  const { body } = options
  const reply: Reply = { statusCode: 0, headers: {}, text: null }
  const chunks: Buffer[] = []
  let running: Dispatcher.DispatchController | null = null
  let ended: { reason: unknown } | null = null
  let byteCount = 0
  const rest = () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
  const endWith = (reason: unknown) => {
    rest()
    ended = { reason }
    running?.abort(errorOf(reason))
    reject(reason)
  }
  const onAbort = () => endWith(signal.reason)
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => endWith(new TimedOutError()), timeoutMs)
  signal.addEventListener('abort', onAbort, { once: true })
  dispatcher.dispatch(
    { ...options, headersTimeout: 0, bodyTimeout: 0 },
    {
      onRequestStart(controller) {
        running = controller
        if (ended !== null) return controller.abort(errorOf(ended.reason))
        onStart?.()
        if (typeof body !== 'object' || body === null) return
        whenLeaving(body, (connection) => {
          countTaken(connection)
          onLeaving?.(connection)
        })
      },
      onResponseStart(_controller, statusCode, headers) {
        if (statusCode < 200) return // more is to come
        reply.statusCode = statusCode
        reply.headers = headers
      },
      onResponseData(controller, chunk) {
        byteCount += chunk.byteLength
        if (byteCount > maxReplyBytes) controller.abort(new TooLongError())
        else chunks.push(chunk)
      },
      onResponseEnd() {
        rest()
        const [first] = chunks
        reply.text = (chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)).toString('utf8')
        resolve(reply)
      },
      onResponseError(_controller, error) {
        rest()
        if (error instanceof TooLongError) resolve(reply)
        else reject(error)
      },
    },
  )
  return promise
}

const errorOf = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))

/** The promise's outcome, or a rejection with the signal's reason as soon as it aborts; a rejection that comes later is dropped. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    promise.then(
      (value) => {
        signal.removeEventListener('abort', onAbort)
        resolve(value)
      },
      (error: unknown) => {
        signal.removeEventListener('abort', onAbort)
        reject(error)
      },
    )
  })
}

/** One value of a header that should occur once. */
export function header({ headers }: Pick<Reply, 'headers'>, name: string): string | null {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? null
}
