import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import { checkAddress } from './address.ts'
import { asRequestBody } from './as-request-body.ts'
import { exchange, type Reply, untilAborted } from './exchange.ts'
import { isHopeless, lastResortMs } from './last-resort.ts'
import { insecureAddress, networkFailure } from './network-failure.ts'
import { createPartBody, isReadAtOnce, type Pace, type PartBody } from './part-body.ts'
import { type OpenedSource, type OpenFile, openOnDisk, openSource, SourceProblemError } from './part-source.ts'
import type { PartOutcome, PutPart } from './port.ts'
import { replyLimitMs } from './reply-limit.ts'
import type { Throttle } from './throttle.ts'
import { isWritten, unsentBytes } from './unsent-bytes.ts'
import { createWatchdog, type Watchdog } from './watchdog.ts'

const maxReplyBytes = 65_536

/** `replied`: what the destination said, and the digest of the bytes that left (null: not all of them did). */
export type PartTransfer =
  | { kind: 'replied'; reply: Reply; xxh64: string | null }
  | Exclude<PartOutcome, { kind: 'stored' }>

/**
 * `PUT`s a range of a file to a signed address, with exactly the two headers that were signed and a fixed length; a credential of ours
 * beside the address's own would make an object store refuse it. What the reply means, `judgeTransfer` says: whoever only sends need not load
 * what knows all the errors that there are.
 */
export async function transferPart(
  settings: { dispatcher: Dispatcher; allowInsecure: boolean; throttle?: Throttle },
  request: PutPart,
  openFile: OpenFile = openOnDisk,
): Promise<PartTransfer> {
  const address = checkAddress(request.url, settings.allowInsecure)
  if (address.kind === 'refused') return { kind: 'failed', failure: insecureAddress }
  let connection: Socket | null = null
  const watchdog = createWatchdog(request.signal, async () => (connection === null ? null : unsentBytes(connection)))
  const progress = progressOf(request, watchdog)
  const lastResort = setInterval(() => {
    if (isHopeless({ sizeBytes: request.file.sizeBytes, ...progress.soFar() })) watchdog.giveUp()
  }, lastResortMs)
  let source: OpenedSource | null = null
  try {
    watchdog.expectWithin(request.stallMs)
    const pace = paceOf(settings.throttle, request, watchdog)
    source = await openUntilAborted(openFile, request, isReadAtOnce(request.file, pace), watchdog)
    const making = createPartBody(source, request.file, progress.taken, pace, request.onRead)
    const body = await untilAborted(making, watchdog.signal)
    watchdog.rest() // a free connection may be long in coming; the dispatcher has its own limit for making one
    const options = requestOptions(request, address.url, body)
    const { signal } = watchdog
    const onLeaving = (by: Socket) => {
      connection = by
      body.leaving(by)
    }
    const reply = await exchange(settings.dispatcher, options, { signal, maxReplyBytes, onLeaving })
    const xxh64 = body.digest()
    if (xxh64 !== null && isSuccess(reply) && hasWritten(connection)) body.free()
    return { kind: 'replied', reply, xxh64 }
  } catch (error) {
    if (error instanceof SourceProblemError) return { kind: 'failed', failure: error.failure }
    const cause = watchdog.cause()
    if (cause === 'aborted') return { kind: 'aborted' }
    return { kind: 'failed', failure: cause === 'stalled' ? { kind: 'stalled' } : networkFailure(error) }
  } finally {
    clearInterval(lastResort)
    watchdog.release()
    const closed = source?.close()
    // Closing waits for a read under way, and a medium that hangs would make an abort hang with it.
    if (watchdog.cause() === null) await closed
  }
}

async function openUntilAborted(
  openFile: OpenFile,
  { file }: PutPart,
  isVerifiedLater: boolean,
  watchdog: Watchdog,
): Promise<OpenedSource> {
  const opening = openSource(openFile, file, isVerifiedLater)
  try {
    return await untilAborted(opening, watchdog.signal)
  } catch (error) {
    opening.then(
      (late) => late.close(),
      () => undefined, // nothing was opened
    )
    throw error
  }
}

export const isSuccess = ({ statusCode }: Reply): boolean => statusCode >= 200 && statusCode < 300

const hasWritten = (connection: Socket | null): boolean => connection !== null && isWritten(connection)

function progressOf({ file, onBytes, stallMs, replyMs }: PutPart, watchdog: Watchdog) {
  const begunMs = performance.now()
  const { sizeBytes } = file
  let takenBytes = 0
  const elapsedMs = () => performance.now() - begunMs
  const limitMs = () =>
    takenBytes < sizeBytes ? stallMs : (replyMs ?? replyLimitMs({ sizeBytes, elapsedMs: elapsedMs(), stallMs }))
  return {
    soFar: () => ({ takenBytes, elapsedMs: elapsedMs() }),
    taken(byteCount: number) {
      takenBytes += byteCount
      watchdog.expectWithin(limitMs())
      if (byteCount > 0) onBytes(byteCount)
    },
  }
}

/** To wait for one's share is no stall. */
function paceOf(throttle: Throttle | undefined, { stallMs }: PutPart, watchdog: Watchdog): Pace | null {
  if (throttle === undefined) return null
  return async (wantedBytes) => {
    if (!throttle.isLimited()) return wantedBytes
    watchdog.rest()
    const byteCount = await throttle.grant(wantedBytes, watchdog.signal)
    watchdog.expectWithin(stallMs)
    return byteCount
  }
}

function requestOptions(request: PutPart, url: URL, { content }: PartBody): Dispatcher.DispatchOptions {
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: 'PUT',
    headers: {
      'content-type': request.contentType,
      'x-amz-acl': 'private',
      'content-length': String(request.file.sizeBytes),
    },
    body: Buffer.isBuffer(content) ? content : asRequestBody(content),
  }
}
