import { checkAddress } from '../destination/address.ts'
import { createDestination } from '../destination/create-destination.ts'
import { describeFailure } from '../destination/describe-failure.ts'
import type { CallFailure } from '../destination/port.ts'
import type { DestinationPool } from '../destination-pool.ts'
import type { ProxySettings } from '../network-settings.ts'
import type { UploadLink } from '../queue/links.ts'
import { type Check, well, wrong } from './check.ts'
import { checkRoute } from './check-route.ts'
import { proxyFor } from './proxy-for.ts'

/** What of a pairing says where it leads and how. */
export type AccessLink = Pick<UploadLink, 'serverUrl' | 'isOurs' | 'authorization' | 'accessToken' | 'accessExpiresAt'>

export type ReachOptions = {
  pool: DestinationPool
  proxy: ProxySettings
  allowInsecure: boolean
  timeoutMs: number
  nowMs(): number
}

/** Whether clips can go where they are to go, step by step; ends with the first step that fails. Uploads nothing, renews nothing. */
export async function* checkDestination(link: AccessLink, options: ReachOptions): AsyncGenerator<Check, void> {
  const address = checkAddress(link.serverUrl, options.allowInsecure)
  if (address.kind === 'refused') {
    yield address.why === 'insecure'
      ? wrong(
          'destination.address',
          `${URL.parse(link.serverUrl)?.origin} is not encrypted`,
          'Pair with an https: address, or start the agent with --insecure on a network that you trust.',
        )
      : wrong('destination.address', 'the address of the pairing is not one', 'Pair again.')
    return
  }
  const { url } = address
  const { proxy, pool, timeoutMs } = options
  const leadsThere = yield* checkRoute({ url, of: 'destination', proxy: proxyFor(url, proxy), timeoutMs })
  if (!leadsThere) return
  const signal = AbortSignal.timeout(timeoutMs)
  const destination = createDestination(pool.settings, { baseUrl: link.serverUrl, isOurs: link.isOurs })
  const health = await destination.health(signal)
  if (health.kind !== 'healthy') {
    yield describeAnswer(url.host, health.kind === 'failed' ? health.failure : null)
    return
  }
  yield well('destination.answer', `${url.host} answers as a destination of clips does`)
  if (link.authorization === 'good') yield await checkAccess(link, options)
}

function describeAnswer(host: string, failure: CallFailure | null): Check {
  const check = 'destination.answer'
  if (failure === null)
    return wrong(check, `${host} takes too long to answer`, 'Try again; if it stays so, tell whoever runs the server.')
  const { message } = describeFailure(failure)
  const isRedirect = failure.kind === 'reply' && failure.status >= 300 && failure.status < 400
  if (failure.kind === 'malformedReply' || isRedirect || (failure.kind === 'reply' && failure.status === 511))
    return wrong(
      check,
      `a page answers in place of ${host} (HTTP ${failure.status})`,
      'Most often the network asks for a sign-in: open a browser on it, sign in, and run this again. Else the address is wrong.',
    )
  if (failure.kind === 'reply' && failure.status < 500)
    return wrong(
      check,
      `${host} does not answer as a destination of clips does: ${message}`,
      'Check the address, and pair again if it is another now. A proxy or firewall may also refuse in its place.',
    )
  return wrong(check, `${host} has trouble: ${message}`, 'Uploads go on by themselves; tell whoever runs the server.')
}

/** Asks with the access that the device has who it is. Whoever runs the agent renews it, this does not. */
async function checkAccess(link: AccessLink, { pool, timeoutMs, nowMs }: ReachOptions): Promise<Check> {
  const check = 'destination.access'
  if (link.accessExpiresAt <= nowMs()) return well(check, 'the access has run out and is renewed when the agent runs')
  const identity = await pool.of(link).me(link.accessToken, AbortSignal.timeout(timeoutMs))
  if (identity.kind === 'identity')
    return well(check, `the destination knows this device as "${identity.identity.name}"`)
  if (identity.kind === 'aborted')
    return wrong(check, 'the destination takes too long to say who this device is', 'Try again in a while.')
  const { failure } = identity
  const { message } = describeFailure(failure)
  if (failure.kind === 'reply' && (failure.status === 401 || failure.status === 403))
    return wrong(
      check,
      `the destination does not accept this device: ${message}`,
      'A running agent renews its access once by itself. If this says the same in a minute, an operator ended the pairing: pair again.',
    )
  return wrong(check, `the destination does not say who this device is: ${message}`, 'Try again in a while.')
}
