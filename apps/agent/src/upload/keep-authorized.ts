import { backoffBoundMs, fullJitterMs } from '@rushes/upload-core'
import type { Logger } from 'pino'
import { readUploadLink } from '../queue/links.ts'
import type { Queue } from '../queue/open-queue.ts'
import { sleep } from '../sleep.ts'
import type { Authorization, Confirmation } from './authorization.ts'
import type { Doorbell } from './doorbell.ts'
import type { Gate } from './gate.ts'

/** How often the identity is read when nothing else happens: it shows a move to another project, and keeps the device online there. */
const identityEveryMs = 120_000
/** Tokens are renewed this long before they end, but not again and again where they live shorter than that. */
const renewAheadMs = 1_800_000
const renewAtMostEveryMs = 300_000

export type KeepAuthorizedOptions = {
  queue: Queue
  authorization: Authorization
  gate: Gate
  bell: Doorbell
  log: Logger
  random(): number
  signal: AbortSignal
}

/** Keeps tokens fresh and the fence open: the one loop that confirms without being asked to. Ends with the signal. */
export async function keepAuthorized({
  queue,
  authorization,
  gate,
  bell,
  log,
  random,
  signal,
}: KeepAuthorizedOptions): Promise<void> {
  let confirmedAt = Number.NEGATIVE_INFINITY
  let renewedAt = Number.NEGATIVE_INFINITY
  let failuresInRow = 0
  while (!signal.aborted) {
    const seen = bell.rings
    const link = readUploadLink(queue)
    if (link === null || link.authorization === 'lost') {
      await bell.wait(seen, 30_000, signal)
      continue
    }
    const isOld = performance.now() - confirmedAt >= identityEveryMs
    const renew =
      link.accessExpiresAt - queue.now() < renewAheadMs && performance.now() - renewedAt >= renewAtMostEveryMs
    if (link.fence === 'open' && !isOld && !renew) {
      await bell.wait(seen, Math.max(1_000, confirmedAt + identityEveryMs - performance.now()), signal)
      continue
    }
    if (renew) renewedAt = performance.now()
    const confirmation = await authorization.confirm({ renew })
    if (confirmation.kind === 'confirmed') {
      failuresInRow = 0
      confirmedAt = performance.now()
      gate.succeeded()
      bell.ring()
      continue
    }
    if (confirmation.kind !== 'failed') continue
    failuresInRow++
    log.warn({ operation: confirmation.operation, error: confirmation.message }, 'could not confirm the identity')
    closeGateFor(gate, confirmation)
    await gate.whenOpen(signal)
    await sleep(fullJitterMs(backoffBoundMs(failuresInRow), random()), signal)
  }
}

/** Closes the gate where a confirmation failed for a reason that concerns every upload. */
export function closeGateFor(gate: Gate, { verdict, message }: Extract<Confirmation, { kind: 'failed' }>): void {
  if (verdict.kind === 'slowRetry') gate.close(verdict.reason, message)
  else if (verdict.kind !== 'retry') gate.close('destinationDown', message)
  else if (verdict.reason === 'offline' || verdict.reason === 'rateLimited')
    gate.close(verdict.reason, message, verdict.minDelayMs)
  else gate.close('destinationDown', message, verdict.minDelayMs)
}
