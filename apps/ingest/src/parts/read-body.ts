import type { Readable } from 'node:stream'

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

export type BodyLimits = { contentLengthBytes: number; stallMs: number; displaced: AbortSignal | null }

/**
 * Reads a request's body, one chunk at a time, as fast as they are taken. Bytes in memory stay bounded: where `take` returns a
 * promise, the next chunk is asked for when it has resolved. What `take` fails with is thrown. Nothing is being taken any more
 * when it is settled. The chunks have to be the body's alone, and `take` is done with one when it returns: it is empty from then on.
 *
 * By events, since a chunk is 64 KiB: a promise and its listeners for each took longer than their bytes.
 */
export async function readBody(
  body: Readable,
  { contentLengthBytes, stallMs, displaced }: BodyLimits,
  take: (chunk: Uint8Array) => Promise<void> | undefined,
): Promise<BodyEnd> {
  let receivedBytes = 0
  let progressBytes = 0
  let taking: Promise<void> | undefined
  let isOver = false
  const { promise: ended, resolve, reject } = Promise.withResolvers<BodyEnd>()

  const end = (kind: BodyEnd['kind']) => {
    isOver = true
    Promise.resolve(taking).then(() => resolve({ kind }), reject)
  }
  const stall = setTimeout(() => {
    // While the disk takes its time it is not the sender who does.
    if (taking === undefined) end('stalled')
    else stall.refresh()
  }, stallMs)
  const takeAll = () => {
    if (taking !== undefined) return
    try {
      while (taking === undefined) {
        const chunk: Buffer | null = isOver ? null : body.read()
        if (chunk === null) return
        receivedBytes += chunk.length
        progressBytes += chunk.length
        taking = take(chunk)
        free(chunk)
        if (progressBytes < minProgressBytes) continue
        progressBytes = 0
        stall.refresh()
      }
    } catch (error) {
      return reject(error)
    }
    taking.then(() => {
      taking = undefined
      stall.refresh()
      takeAll()
    }, reject)
  }
  const onDisplaced = () => end('displaced')
  const onEnd = () => end(receivedBytes === contentLengthBytes ? 'complete' : 'incompleteBody')
  // A request fails in one way only: its connection broke. Nobody else listens for that, so it is no error to anybody.
  const onClose = () => end('incompleteBody')
  try {
    if (displaced?.aborted === true) onDisplaced()
    else if (body.destroyed) onClose()
    displaced?.addEventListener('abort', onDisplaced, { once: true })
    body.on('end', onEnd).on('close', onClose).on('readable', takeAll)
    return await ended
  } finally {
    isOver = true
    body.off('end', onEnd).off('close', onClose).off('readable', takeAll)
    clearTimeout(stall)
    displaced?.removeEventListener('abort', onDisplaced)
  }
}

/**
 * What the system reads into lies outside of the heap. Left to the collector it sets off one collection of the whole heap after
 * the other as soon as an idle time has made the heap small. Detached, it is free at once. Only of a chunk that is all of its memory.
 */
function free({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
