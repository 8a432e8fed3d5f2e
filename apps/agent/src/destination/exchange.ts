import type { Dispatcher } from 'undici'

/** A reply that has come to its end. `text` is null when the body was longer than the caller wanted to read; what followed was not read. */
export type Reply = { statusCode: number; headers: Dispatcher.ResponseData['headers']; text: string | null }

/** The body is longer than wanted: the connection, on which more of it comes, is given up. */
class TooLongError extends Error {
  override readonly name = 'TooLongError'
}

/**
 * Sends one request and resolves with its whole reply. Redirects are not followed: a credential must not travel to another host.
 * Rejects as soon as `signal` aborts, also while the request still waits for a connection, and when the connection breaks.
 *
 * By undici's `dispatch` and not by its `request`, whose reply is a stream: for a few hundred bytes that costs more than the request.
 */
export function exchange(
  dispatcher: Dispatcher,
  options: Omit<Dispatcher.DispatchOptions, 'signal'>,
  signal: AbortSignal,
  maxReplyBytes: number,
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  if (signal.aborted) {
    reject(signal.reason)
    return promise
  }
  let running: Dispatcher.DispatchController | null = null
  const reply: Reply = { statusCode: 0, headers: {}, text: null }
  const chunks: Buffer[] = []
  let byteCount = 0
  const onAbort = () => {
    running?.abort(errorOf(signal.reason))
    reject(signal.reason)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  dispatcher.dispatch(
    { ...options, headersTimeout: 0, bodyTimeout: 0 },
    {
      onRequestStart(controller) {
        running = controller
        if (signal.aborted) controller.abort(errorOf(signal.reason))
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
        signal.removeEventListener('abort', onAbort)
        const [first] = chunks
        reply.text = (chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)).toString('utf8')
        resolve(reply)
      },
      onResponseError(_controller, error) {
        signal.removeEventListener('abort', onAbort)
        if (error instanceof TooLongError) resolve(reply)
        else reject(error)
      },
    },
  )
  return promise
}

const errorOf = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))

/** The promise's outcome, or a rejection with the signal's reason as soon as it aborts; a rejection that comes later is dropped. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    // Whichever lost the race must not surface as an unhandled rejection; the winner has been told to the caller.
    promise.catch(() => undefined)
    aborted.promise.catch(() => undefined)
  }
}

/** One value of a header that should occur once. */
export function header({ headers }: Pick<Reply, 'headers'>, name: string): string | null {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? null
}
