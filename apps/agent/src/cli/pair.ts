import { hostname } from 'node:os'
import QRCode from 'qrcode'
import { AgentError } from '../agent-error.ts'
import { caFileOf, proxyOfEnvironment } from '../config.ts'
import { requireAddress } from '../destination/address.ts'
import { createDestination } from '../destination/create-destination.ts'
import { describeFailure } from '../destination/describe-failure.ts'
import { discover } from '../destination/discover.ts'
import type { ClientCredentials, Destination, PairingPoll } from '../destination/port.ts'
import { createDestinationPool, type DestinationPool } from '../destination-pool.ts'
import type { StoredPairing } from '../local-api/operations.ts'
import { type ReachOptions, reachQueue } from '../local-api/reach-queue.ts'
import { sleep } from '../sleep.ts'
import type { Output } from './output.ts'

export type PairOptions = ReachOptions & {
  server: string | undefined
  uploadTo: string | undefined
  clientId: string | undefined
  clientSecret: string | undefined
  deviceName: string | undefined
  output: Output
  signal: AbortSignal
}

type Paired = Extract<PairingPoll, { kind: 'paired' }>
type PairingStep = {
  link: 'control' | 'upload'
  destination: Destination
  credentials: ClientCredentials
  uploadTo?: string
}

/** Pairs this device: shows a code for each server, waits until it is approved there, and keeps the credentials. */
export async function pair(options: PairOptions): Promise<void> {
  const { server, uploadTo, allowInsecure } = options
  if (server === undefined && uploadTo === undefined) {
    throw new AgentError('MISUSE', 'pair needs a server', 'Give --server URL, --upload-to URL, or both.')
  }
  const clientId = await reachQueue(options, (operations) => operations.clientId({}))
  const pool = createDestinationPool({
    caFile: caFileOf(options.stateDir),
    maxPartsInFlight: 1,
    allowInsecure,
    proxy: proxyOfEnvironment(),
  })
  try {
    if (uploadTo !== undefined) await admit(options, uploadTo)
    const control = server === undefined ? null : await pairControl(options, pool, server, clientId)
    const upload = uploadTo === undefined ? control?.upload : await pairForeign(options, pool, uploadTo, clientId)
    if (upload === undefined) throw new Error('a pairing has an upload link')
    const stored: StoredPairing = { uploadLink: upload, controlLink: control?.controlLink ?? null }
    const { confirmed, project } = await reachQueue(options, (operations) => operations.pair(stored))
    const facts = {
      event: 'paired',
      deviceId: control?.controlLink?.deviceId ?? null,
      destination: upload.serverUrl,
      projectId: project?.id ?? null,
      projectName: project?.name ?? null,
      confirmed: confirmed === 'confirmed',
    }
    options.output.print(
      facts,
      `Paired. Clips go to ${project === null ? 'no project yet' : `project "${project.name}"`} at ${upload.serverUrl}.`,
    )
  } finally {
    await pool.close()
  }
}

/** Throws when the agent that is to send there would not: it may run without what this command allows, and an approval ends the pairing before. */
const admit = (options: PairOptions, serverUrl: string) =>
  reachQueue(options, (operations) => operations.admitAddress({ serverUrl }))

async function pairControl(options: PairOptions, pool: DestinationPool, server: string, clientId: string) {
  const { uploadTo, signal } = options
  const discovered = await discover(pool.settings, server, signal)
  if (discovered.kind === 'aborted') throw cancelled()
  if (discovered.kind === 'failed') {
    throw new AgentError(
      'SERVER_UNREACHABLE',
      `${server} does not answer: ${describeFailure(discovered.failure).message}`,
      'Check the address and the network, then try again.',
    )
  }
  if (discovered.kind !== 'ours') {
    const message =
      discovered.kind === 'foreign'
        ? `${server} is not a Rushes server`
        : `${server} speaks version ${discovered.version}, which this agent does not know`
    throw new AgentError(
      'SERVER_NOT_RUSHES',
      message,
      'Give the address of the control plane; another C2C server is named with --upload-to.',
    )
  }
  if (uploadTo === undefined) await admit(options, discovered.ingestUrl)
  const destination = createDestination(pool.settings, { baseUrl: discovered.ingestUrl, isOurs: true })
  const credentials = { clientId, clientSecret: null }
  const paired = await waitForApproval(options, {
    link: 'control',
    destination,
    credentials,
    ...(uploadTo === undefined ? {} : { uploadTo }),
  })
  if (paired.controlLink === null)
    throw new AgentError(
      'PAIRING_REFUSED',
      `${server} gave no control link`,
      'Its ingest may be older than this agent; update it.',
    )
  return {
    upload: uploadLinkOf(discovered.ingestUrl, true, credentials, paired),
    controlLink: { serverUrl: server, agentUrl: discovered.agentUrl, ...paired.controlLink },
  }
}

/** Another C2C server: nothing but the documented protocol is spoken with it, whatever it is. */
async function pairForeign(options: PairOptions, pool: DestinationPool, uploadTo: string, ownClientId: string) {
  const baseUrl = requireAddress(uploadTo, options.allowInsecure).href.replace(/\/+$/, '')
  const destination = createDestination(pool.settings, { baseUrl, isOurs: false })
  const credentials = { clientId: options.clientId ?? ownClientId, clientSecret: options.clientSecret ?? null }
  const paired = await waitForApproval(options, { link: 'upload', destination, credentials })
  return uploadLinkOf(baseUrl, false, credentials, paired)
}

const uploadLinkOf = (
  serverUrl: string,
  isOurs: boolean,
  credentials: ClientCredentials,
  { tokens }: Paired,
): StoredPairing['uploadLink'] => ({
  serverUrl,
  isOurs,
  ...credentials,
  accessToken: tokens.accessToken,
  accessExpiresAt: Date.now() + tokens.accessLifetimeMs,
  refreshToken: tokens.refreshToken,
})

/** Shows a code and polls until somebody approves it; a code that runs out is followed by a new one until the person gives up. */
async function waitForApproval(options: PairOptions, step: PairingStep): Promise<Paired> {
  for (;;) {
    const code = await showCode(options, step)
    const paired = await pollUntil(options, step, code)
    if (paired !== null) return paired
    options.output.print({ event: 'codeExpired', link: step.link }, 'That code has run out; here is a new one.')
  }
}

type ShownCode = { deviceCode: string; intervalMs: number; endsAt: number }

async function showCode(
  { output, deviceName, signal }: PairOptions,
  { link, destination, credentials, uploadTo }: PairingStep,
): Promise<ShownCode> {
  const request = {
    ...credentials,
    deviceName: deviceName ?? hostname(),
    ...(uploadTo === undefined ? {} : { uploadTo }),
  }
  const code = await destination.requestPairingCode(request, signal)
  if (code.kind === 'aborted') throw cancelled()
  if (code.kind === 'failed') {
    const error = describeFailure(code.failure)
    const isRefusal = code.failure.kind === 'reply' && code.failure.status < 500
    throw new AgentError(
      isRefusal ? 'PAIRING_REFUSED' : 'SERVER_UNREACHABLE',
      `${destination.baseUrl} gave no pairing code: ${error.message}`,
      isRefusal ? 'Check --client-id and --client-secret.' : 'Check the address and the network, then try again.',
    )
  }
  const { userCode, verificationUri, verificationUriComplete, expiresInMs } = code
  const expiresAt = new Date(Date.now() + expiresInMs).toISOString()
  const facts = { event: 'code', link, userCode, verificationUri, verificationUriComplete, expiresAt }
  const address = verificationUriComplete ?? verificationUri
  const qr = output.json ? '' : await QRCode.toString(address, { type: 'utf8', errorCorrectionLevel: 'L' })
  output.print(
    facts,
    `\n${qr}\nEnter the code  ${userCode}  at ${verificationUri}\n(good until ${new Date(expiresAt).toLocaleTimeString()}, Ctrl-C to cancel)`,
  )
  return { deviceCode: code.deviceCode, intervalMs: code.intervalMs, endsAt: performance.now() + expiresInMs }
}

/** Null when the code ran out. */
async function pollUntil(
  { signal }: PairOptions,
  { destination, credentials }: PairingStep,
  code: ShownCode,
): Promise<Paired | null> {
  let { intervalMs } = code
  while (performance.now() < code.endsAt) {
    await sleep(intervalMs, signal)
    if (signal.aborted) throw cancelled()
    const poll = await destination.pollPairing({ ...credentials, deviceCode: code.deviceCode }, signal)
    switch (poll.kind) {
      case 'paired':
        return poll
      case 'expired':
        return null
      case 'slowDown':
        intervalMs += 5_000
        break
      case 'refused':
        throw new AgentError(
          'PAIRING_REFUSED',
          `the pairing was refused: ${poll.code}`,
          'Somebody may have declined it; start again with a new code.',
        )
      case 'aborted':
        throw cancelled()
      // Still to be approved, or a call that failed: the code is good until its end either way.
      case 'pending':
      case 'failed':
        break
    }
  }
  return null
}

const cancelled = (): AgentError => new AgentError('PAIRING_CANCELLED', 'pairing was cancelled', 'Nothing was changed.')
