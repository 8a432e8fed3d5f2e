import type { IncomingMessage } from 'node:http'

export type BodyEnd =
  /** Exactly the announced number of bytes. */
  | { kind: 'complete' }
  /** The connection ended, or broke, before. */
  | { kind: 'incompleteBody' }
  /** Hardly a byte came for too long. */
  | { kind: 'stalled' }
  /** A later upload of the same part has all its bytes. */
  | { kind: 'displaced' }

/** Who sends less than this in the time of a stall drips: on such a link no part would ever end. */
const minProgressBytes = 64 * 1024
/** A disk that took so long is what the sender waited for. */
const slowDiskMs = 100

export type BodyLimits = { contentLengthBytes: number; stallMs: number; displaced: AbortSignal | null }

/**
 * Reads a request's body, one chunk at a time, as fast as they are taken. Bytes in memory stay bounded: the next chunk is
 * asked for when the last one has been taken. What `take` throws is thrown.
 */
export async function readBody(
  body: IncomingMessage,
  { contentLengthBytes, stallMs, displaced }: BodyLimits,
  take: (chunk: Uint8Array) => Promise<void> | void,
): Promise<BodyEnd> {
  let receivedBytes = 0
  let progressBytes = 0
  let why: 'stalled' | 'displaced' | null = null
  const interrupt = new AbortController()
  const give = (reason: 'stalled' | 'displaced') => () => {
    why ??= reason
    interrupt.abort()
  }
  const stall = setTimeout(give('stalled'), stallMs)
  const onDisplaced = give('displaced')
  if (displaced?.aborted === true) onDisplaced()
  displaced?.addEventListener('abort', onDisplaced, { once: true })
  // The answer still has to go out on the same socket, so the stream is not destroyed with the loop.
  const chunks = body.iterator({ destroyOnReturn: false })
  try {
    for (;;) {
      const next = await untilInterrupted(chunks.next(), interrupt.signal)
      if (next === 'interrupted') return { kind: why ?? 'stalled' }
      if (next === 'broken') return { kind: 'incompleteBody' }
      if (next.done === true) break
      receivedBytes += next.value.length
      progressBytes += next.value.length
      const takenFromMs = performance.now()
      await take(next.value)
      if (progressBytes < minProgressBytes && performance.now() - takenFromMs < slowDiskMs) continue
      progressBytes = 0
      stall.refresh()
    }
  } finally {
    void chunks.return?.() // otherwise what is left of the body, after a failure, could not be thrown away
    clearTimeout(stall)
    displaced?.removeEventListener('abort', onDisplaced)
  }
  return { kind: receivedBytes === contentLengthBytes ? 'complete' : 'incompleteBody' }
}

/** What comes first. A stream of a request fails in one way only: its connection broke. */
async function untilInterrupted<T>(next: Promise<T>, signal: AbortSignal): Promise<T | 'interrupted' | 'broken'> {
  if (signal.aborted) return 'interrupted'
  const { promise: interrupted, resolve } = Promise.withResolvers<'interrupted'>()
  const onAbort = () => resolve('interrupted')
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([next.catch(() => 'broken' as const), interrupted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
