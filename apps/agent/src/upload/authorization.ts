import { classifyFailure, type Operation, type Verdict } from '@rushes/upload-core'
import type { Logger } from 'pino'
import { describeFailure } from '../destination/describe-failure.ts'
import type { CallFailure, Destination, Tokens } from '../destination/port.ts'
import { loseAuthorization, readControlLink, readUploadLink, storeTokens, type UploadLink } from '../queue/links.ts'
import { pendingReceipt, recordReceiptSent, takeIdentity } from '../queue/move-project.ts'
import type { Queue } from '../queue/open-queue.ts'
import { endWaitsFor } from '../queue/waits.ts'
import { hashText } from '../xxh64.ts'

export type Confirmation =
  /** The tokens are good and the identity was read with them. `moved`: it named another project, and the queue was cleared for it. */
  | { kind: 'confirmed'; moved: boolean }
  | { kind: 'notPaired' }
  /** Only a new pairing helps. */
  | { kind: 'lost' }
  | { kind: 'failed'; operation: Operation; verdict: Verdict; message: string }
  | { kind: 'aborted' }

export type ConfirmRequest = {
  /** The access token that was refused, if one was: it is renewed, unless somebody has done so meanwhile. */
  refusedToken?: string
  /** Renew the pair even though it is still good. */
  renew?: boolean
}

/**
 * Renews the tokens where needed, reads the identity, clears the queue if the project is another one, and sends the receipt: always all
 * of it in this order, and never twice at once. Whoever asks while it runs gets the answer of the run that follows, together with all
 * who ask meanwhile: the run under way may have read the identity before what they ask about happened.
 */
export type Authorization = { confirm(request?: ConfirmRequest): Promise<Confirmation> }

export type AuthorizationOptions = {
  queue: Queue
  destinationOf(link: UploadLink): Destination
  log: Logger
  signal: AbortSignal
}

export function createAuthorization(options: AuthorizationOptions): Authorization {
  let running: Promise<Confirmation> | null = null
  let following: { request: ConfirmRequest; run: Promise<Confirmation> } | null = null
  const begin = (request: ConfirmRequest): Promise<Confirmation> => {
    const run = confirmOnce(options, request).finally(() => {
      running = null
    })
    running = run
    return run
  }
  const beginFollowing = (): Promise<Confirmation> => {
    const request = following?.request ?? {}
    following = null
    return begin(request)
  }
  return {
    confirm(request = {}) {
      // First: the run under way may just have ended, and the next one not have begun.
      if (following !== null) following.request = { ...following.request, ...request }
      else if (running !== null) following = { request, run: running.then(beginFollowing, beginFollowing) }
      else return begin(request)
      return following.run
    },
  }
}

async function confirmOnce(options: AuthorizationOptions, request: ConfirmRequest): Promise<Confirmation> {
  const { queue, destinationOf, signal } = options
  let mayRenew = true
  for (;;) {
    const link = readUploadLink(queue)
    if (link === null) return { kind: 'notPaired' }
    if (link.authorization === 'lost') return { kind: 'lost' }
    const isSpent =
      request.refusedToken === link.accessToken || link.accessExpiresAt <= queue.now() || request.renew === true
    if (isSpent && mayRenew) {
      mayRenew = false
      const renewed = await renew(options, link)
      if (renewed !== null) return renewed
      continue
    }
    const read = await destinationOf(link).me(link.accessToken, signal)
    if (read.kind === 'aborted') return read
    if (read.kind === 'failed') {
      const verdict = classifyFailure('identity', read.failure)
      if (verdict.kind !== 'authorize' || !mayRenew) return failedBy('identity', read.failure)
      request = { refusedToken: link.accessToken }
      continue
    }
    // Paired anew while it was read: it says where the device was, and must not open the fence of where it is.
    if (readUploadLink(queue)?.accessToken !== link.accessToken) continue
    const outcome = takeIdentity(queue, read.identity, hashText)
    if (outcome.kind === 'moved') {
      const { clearedCount, clearedBytes, fromProjectId, toProjectId } = outcome.receipt
      options.log.warn({ clearedCount, clearedBytes, fromProjectId, toProjectId }, 'project changed, queue cleared')
    }
    const refused = await sendReceipt(options, link)
    if (refused !== null) return refused
    endWaitsFor(queue, ['awaitingFence', 'authorizationLost', 'noProject'])
    return { kind: 'confirmed', moved: outcome.kind === 'moved' }
  }
}

/** Null when a new pair is stored. The stored pair is on disk before anything is sent with it. */
async function renew(
  { queue, destinationOf, log, signal }: AuthorizationOptions,
  link: UploadLink,
): Promise<Confirmation | null> {
  const destination = destinationOf(link)
  const { clientId, clientSecret, refreshToken } = link
  const outcome = await destination.refresh({ clientId, clientSecret, refreshToken }, signal)
  if (outcome.kind === 'aborted') return outcome
  if (outcome.kind === 'tokens') {
    storePair(queue, link, outcome.tokens)
    log.info('tokens renewed')
    return null
  }
  if (classifyFailure('refresh', outcome.failure).kind !== 'authorizationLost')
    return failedBy('refresh', outcome.failure)

  const control = readControlLink(queue)
  if (destination.additions !== null && control !== null) {
    const { deviceSecret } = control
    const exchanged = await destination.additions.exchangeDeviceSecret({ clientId, deviceSecret }, signal)
    if (exchanged.kind === 'aborted') return exchanged
    if (exchanged.kind === 'tokens') {
      storePair(queue, link, exchanged.tokens)
      log.warn('the refresh token was refused; a new pair was fetched with the device secret')
      return null
    }
    if (classifyFailure('refresh', exchanged.failure).kind !== 'authorizationLost')
      return failedBy('refresh', exchanged.failure)
  }
  loseAuthorization(queue, refreshToken)
  log.error(
    { error: describeFailure(outcome.failure) },
    'the destination no longer accepts this device; pair it again, the queue is kept',
  )
  return { kind: 'lost' }
}

function storePair(queue: Queue, link: UploadLink, tokens: Tokens): void {
  const accessExpiresAt = queue.now() + tokens.accessLifetimeMs
  storeTokens(queue, link.refreshToken, {
    accessToken: tokens.accessToken,
    accessExpiresAt,
    refreshToken: tokens.refreshToken,
  })
}

/** Sends the receipt that the fence waits for, if there is one; null when nothing stands in the way any more. */
async function sendReceipt(
  { queue, destinationOf, signal }: AuthorizationOptions,
  link: UploadLink,
): Promise<Confirmation | null> {
  const pending = pendingReceipt(queue)
  const { additions } = destinationOf(link)
  if (pending === null || additions === null) return null
  const { accessToken } = link
  const sent = await additions.putPurgeReceipt(
    { accessToken, projectEpoch: pending.epoch, receipt: pending.receipt },
    signal,
  )
  if (sent.kind === 'aborted') return sent
  if (sent.kind === 'failed') return failedBy('receipt', sent.failure)
  recordReceiptSent(queue, pending.epoch)
  return null
}

const failedBy = (operation: Operation, failure: CallFailure): Confirmation => ({
  kind: 'failed',
  operation,
  verdict: classifyFailure(operation, failure),
  message: describeFailure(failure).message,
})
