import type { Logger } from 'pino'
import type { Queue } from '../queue/open-queue.ts'
import { appendEvent } from '../queue/outbox.ts'
import { nearPairingEnd } from '../queue/pairing-end.ts'
import { sleep } from '../sleep.ts'

const lookEveryMs = 600_000
const hourMs = 3_600_000

/** Tells people once of each pair of tokens that it is about to run out. Ends with the signal. */
export async function warnOfPairingEnd(queue: Queue, log: Logger, signal: AbortSignal): Promise<void> {
  let warnedOf: string | null = null
  while (!signal.aborted) {
    // Not at once: after a boot only the destination knows for how long it was not reached, and may be about to tell the time.
    await sleep(lookEveryMs, signal)
    if (!signal.aborted) warnedOf = warnOnce(queue, log, warnedOf)
  }
}

/** The refresh token that was warned of by now; `warnedOf`: the one before. */
export function warnOnce(queue: Queue, log: Logger, warnedOf: string | null): string | null {
  const end = nearPairingEnd(queue)
  if (end === null || end.refreshToken === warnedOf) return warnedOf
  const hours = Math.floor(end.leftMs / hourMs)
  const message = `${end.serverUrl} was not reached for days: the pairing ends in ${hours} h unless it is by then`
  log.warn({ leftMs: end.leftMs }, message)
  queue.transact(() => appendEvent(queue, { kind: 'notice', code: 'pairingEnds', message: message.slice(0, 500) }))
  return end.refreshToken
}
