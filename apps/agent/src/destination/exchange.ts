import type { Dispatcher } from 'undici'

/**
 * Sends one request and resolves with the head of its reply. Redirects are not followed: a credential must not travel to another host.
 * Rejects as soon as `signal` aborts; left alone, undici would first wait until a connection is there.
 */
export async function exchange(
  dispatcher: Dispatcher,
  options: Omit<Dispatcher.RequestOptions, 'signal'>,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  signal.throwIfAborted()
  return untilAborted(dispatcher.request({ ...options, signal, headersTimeout: 0, bodyTimeout: 0 }), signal)
}

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

/** The reply's body as text, or null when it is longer than `maxBytes`; what follows is not read. Rejects when the connection breaks. */
export async function readBounded(reply: Dispatcher.ResponseData, maxBytes: number): Promise<string | null> {
  const chunks: Buffer[] = []
  let byteCount = 0
  for await (const chunk of reply.body) {
    const bytes: unknown = chunk
    if (!(bytes instanceof Uint8Array)) throw new TypeError('a reply comes in bytes')
    byteCount += bytes.byteLength
    if (byteCount > maxBytes) return null // leaving the loop destroys the body, and with it the connection
    chunks.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** One value of a header that should occur once. */
export function header(reply: Dispatcher.ResponseData, name: string): string | null {
  const value = reply.headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? null
}
