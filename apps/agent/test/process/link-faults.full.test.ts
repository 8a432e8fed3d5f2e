import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type HttpFault, matchesPattern } from '@rushes/test-kit'
import { afterEach, expect, test, vi } from 'vitest'
import type { ShownUpload } from '../../src/local-api/clip-schemas.ts'
import type { ListedUpload } from '../../src/local-api/operations.ts'
import { faults } from '../simulated-destination/fault.ts'
import { atEnd, endAll, mainPath } from './agent-process.ts'
import { type Clip, differences, writeClip } from './clips.ts'
import { type DeviceBehindProxy, requestsFor, startDeviceBehindProxy } from './spoiled-link.ts'
import { acknowledgedParts, changeStored } from './stored-queue.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

/** Slow enough that whoever looks sees the reason, and that no clip uses up its tries meanwhile. */
const retry = { baseDelayMs: 500, maxDelayMs: 1_000, jobPauseMs: 1_000 }
const inThreeParts = { chunkSizeBytes: 1_048_576, settings: { workers: 1, retry } }
type ReplyFault = Extract<HttpFault, { kind: 'reply' }>
const status = (status: number, retryAfter?: string): ReplyFault => ({
  ...{ kind: 'reply', status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } },
})
const answeredAfter = (fault: ReplyFault, retryAfter: string): ReplyFault => ({
  ...fault,
  headers: { ...fault.headers, 'retry-after': retryAfter },
})

type Expected = { reason: string; class: 'network' | 'destination'; code: string }
const backoff = (code: string, of: Expected['class'] = 'destination'): Expected => ({
  ...{ reason: 'backoff', class: of, code },
})
const limited = (code: string): Expected => ({ reason: 'rateLimited', class: 'destination', code })
const uncertain = (code: string, of: Expected['class'] = 'destination'): Expected => ({
  ...{ reason: 'createUncertain', class: of, code },
})

/** Faults of the link, each with the requests that it hits until it is removed and what the clip that waits says of it. */
const passing: readonly [string, keyof typeof requestsFor, HttpFault, Expected][] = [
  [
    'a part whose connection is reset in the middle',
    'secondPart',
    { kind: 'cut', afterBytes: 300_000, how: 'reset' },
    backoff('ECONNRESET', 'network'),
  ],
  [
    'a part whose connection is closed in the middle',
    'secondPart',
    { kind: 'cut', afterBytes: 300_000, how: 'close' },
    backoff('ECONNRESET', 'network'),
  ],
  ['a part that stalls', 'secondPart', { kind: 'stall', afterBytes: 300_000 }, backoff('STALLED', 'network')],
  ['a part answered 500', 'secondPart', faults.internalError, backoff('InternalError')],
  [
    'a part answered 500 with Retry-After',
    'secondPart',
    answeredAfter(faults.internalError, '1'),
    backoff('InternalError'),
  ],
  ['a part answered 503 SlowDown', 'secondPart', faults.slowDown, limited('SlowDown')],
  ['a part answered 503 with Retry-After', 'secondPart', answeredAfter(faults.slowDown, '2'), limited('SlowDown')],
  ['a part answered 429', 'secondPart', status(429), limited('HTTP_429')],
  ['a part answered 429 with Retry-After', 'secondPart', status(429, '2'), limited('HTTP_429')],
  ['a part answered 400 RequestTimeout', 'secondPart', faults.requestTimeout, backoff('RequestTimeout')],
  ['a part answered 404 by an intermediary', 'secondPart', faults.notFoundByIntermediary, backoff('HTTP_404')],
  [
    'a part answered by a captive portal with 200',
    'secondPart',
    faults.captivePortal,
    backoff('MALFORMED_REPLY', 'network'),
  ],
  ['a create answered 500', 'create', faults.serverError, uncertain('HTTP_500')],
  ['a create answered 500 with Retry-After', 'create', answeredAfter(faults.serverError, '1'), uncertain('HTTP_500')],
  ['a create answered 503', 'create', status(503), uncertain('HTTP_503')],
  ['a create answered 503 with Retry-After', 'create', status(503, '1'), uncertain('HTTP_503')],
  ['a create answered 429', 'create', faults.rateLimited, limited('HTTP_429')],
  ['a create answered 429 with Retry-After', 'create', faults.rateLimitedFor(2), limited('HTTP_429')],
  ['a create answered 404 by an intermediary', 'create', faults.notFoundByIntermediary, backoff('HTTP_404')],
  [
    'a create answered by a captive portal with 200',
    'create',
    faults.captivePortal,
    uncertain('MALFORMED_REPLY', 'network'),
  ],
  ['a create whose reply is lost', 'create', { kind: 'loseReply' }, uncertain('ECONNRESET', 'network')],
  ['a create whose reply is cut short', 'create', { kind: 'truncateReply' }, uncertain('UND_ERR_SOCKET', 'network')],
]

test.for(passing)(
  '%s waits with its reason and its error, and arrives once, whole',
  async ([, hits, fault, expected]) => {
    const device = await startDeviceBehindProxy(inThreeParts)
    const spoiled = device.proxy.inject(fault, { when: requestsFor[hits] })
    const begunAt = Date.now()
    const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
    await device.start()
    const waiting = await untilWaiting(device, expected.reason)
    expect(waiting.error).toMatchObject({ class: expected.class, code: expected.code })
    expect(waiting.error?.message).not.toBe('')
    expect(Date.parse(waiting.error?.at ?? '')).toBeGreaterThanOrEqual(begunAt)
    expect(Date.parse(waiting.error?.at ?? '')).toBeLessThanOrEqual(Date.now())
    spoiled.remove()
    await device.until(([upload]) => upload?.state === 'verified', 'verified')
    expect(differences(device.server, clip)).toEqual([])
    expect(device.server.assets).toHaveLength(1)
    expect(device.server.partsSentAgain()).toEqual([])
    expect(device.server.violations).toEqual([])
  },
)

test.for<[string, HttpFault, string]>([
  ['a part whose reply is lost', { kind: 'loseReply' }, 'ECONNRESET'],
  ['a part whose reply is cut short', { kind: 'truncateReply' }, 'UND_ERR_SOCKET'],
])('%s is not sent again, since the destination says that it has it', async ([, fault, code]) => {
  const device = await startDeviceBehindProxy(inThreeParts)
  const spoiled = device.proxy.inject(fault, { when: requestsFor.secondPart, nth: 1 })
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.start()
  const [upload] = await device.until(([first]) => first?.state === 'verified', 'verified')
  expect(spoiled.hitCount).toBe(1)
  expect(device.server.requestsOf('part')).toHaveLength(3)
  const [shown] = (await device.cli('show', upload?.id ?? '')).lines as ShownUpload[]
  expect(shown?.parts[1]).toMatchObject({ attempts: 2, error: { class: 'network', code } })
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(1)
  expect(device.server.violations).toEqual([])
})

test.for<[string, keyof typeof requestsFor, ReplyFault]>([
  ['a part answered 500', 'secondPart', faults.internalError],
  ['a part answered 503', 'secondPart', faults.slowDown],
  ['a part answered 429', 'secondPart', status(429)],
  ['a create answered 500', 'create', faults.serverError],
  ['a create answered 429', 'create', faults.rateLimited],
])('%s with Retry-After is not asked again before that time', async ([, hits, fault]) => {
  const device = await startDeviceBehindProxy(inThreeParts)
  device.proxy.inject(answeredAfter(fault, '3'), { when: requestsFor[hits], nth: 1 })
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
  const [first, second] = device.proxy.requests.filter((request) => matchesPattern(requestsFor[hits], request))
  expect((second?.beganAt ?? 0) - (first?.beganAt ?? 0)).toBeGreaterThan(3_000)
})

test('a slow trickle that moves all the time never stalls, however long a part takes', async () => {
  const device = await startDeviceBehindProxy({ settings: { workers: 1 } })
  device.proxy.inject({ kind: 'bandwidth', bytesPerSecond: 800_000 }, { when: requestsFor.part })
  const clip = await writeClip(device.watchDir, 'A001.mov', 4_000_000)
  await device.start()
  const [upload] = await device.until(([first]) => first?.state === 'verified', 'verified')
  expect(upload).toMatchObject({ attempts: 1, error: null })
  expect(device.server.requestsOf('part')).toHaveLength(1)
  expect(differences(device.server, clip)).toEqual([])
})

test('a trickle that falls silent stalls, shows so, and the part is sent again', async () => {
  const device = await startDeviceBehindProxy({ settings: { workers: 1, retry } })
  device.proxy.inject({ kind: 'bandwidth', bytesPerSecond: 800_000 }, { when: requestsFor.part })
  const silent = device.proxy.inject({ kind: 'stall', afterBytes: 600_000 }, { when: requestsFor.part })
  const clip = await writeClip(device.watchDir, 'A001.mov', 4_000_000)
  await device.start()
  expect((await untilWaiting(device, 'backoff')).error).toMatchObject({ class: 'network', code: 'STALLED' })
  silent.remove()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
})

test('a captive portal that answers everything with 200: uploads wait as offline, cost no attempt, and go on when it lets them', async () => {
  const device = await startDeviceBehindProxy(inThreeParts)
  await device.start()
  const portal = device.proxy.inject(faults.captivePortal)
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.until(([first]) => first?.state === 'waiting' && first.reason === 'offline', 'waits for the network')
  const uploadLink = { state: 'down', lastError: expect.stringContaining('sign-in') }
  expect(await device.status()).toMatchObject({ blockedBy: 'offline', uploadLink })
  portal.remove()
  const [upload] = await device.until(([first]) => first?.state === 'verified', 'verified')
  expect(upload?.attempts).toBe(1)
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(1)
})

test('a link that is refused in the middle of a clip costs it no attempt, and what arrived before is not sent again', async () => {
  const device = await startDeviceBehindProxy(inThreeParts)
  const held = device.proxy.inject({ kind: 'stall', afterBytes: 300_000 }, { when: requestsFor.secondPart })
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.start()
  await held.firstHit
  await device.proxy.refuse()
  device.proxy.cutConnections()
  // A connection that breaks tells no cause; that nobody listens there any more is found out by asking.
  expect((await untilWaiting(device, 'destinationDown')).error).toMatchObject({ class: 'network', code: 'ECONNRESET' })
  held.remove()
  await device.proxy.accept()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(1)
  expect(device.server.partsSentAgain()).toEqual([])
})

/** A device one part of whose clip has arrived when it stops. */
async function stoppedInTheMiddle(): Promise<{ device: DeviceBehindProxy; clip: Clip }> {
  const device = await startDeviceBehindProxy(inThreeParts)
  const held = device.proxy.inject({ kind: 'stall', afterBytes: 300_000 }, { when: requestsFor.secondPart })
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  const agent = await device.start()
  await held.firstHit
  await agent.kill()
  // What the proxy holds of the part goes with the connection: passed on later, it would complete the part.
  device.proxy.cutConnections()
  held.remove()
  expect(acknowledgedParts(device.stateDir)).toEqual(['asset-1/1'])
  return { device, clip }
}

test('a part answered 403 for an address that ran out: the same asset gets new ones, and what has arrived is not sent again', async () => {
  const { device, clip } = await stoppedInTheMiddle()
  changeStored(device.stateDir, 'UPDATE uploads SET urls_issued_at = urls_issued_at - 3600000')
  const refused = device.proxy.inject(faults.urlExpired, { when: requestsFor.secondPart, nth: 1 })
  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(refused.hitCount).toBe(1)
  expect(device.server.requestsOf('create')).toHaveLength(2)
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(1)
  expect(device.server.partsSentAgain()).toEqual([])
})

test.for([
  ['403 for an address that had run out from the start', faults.urlExpired],
  ['404, as a store that has lost the upload', faults.noSuchUpload],
] as const)('a part answered %s leads to a new asset, and only that one is completed', async ([, fault]) => {
  const device = await startDeviceBehindProxy(inThreeParts)
  device.proxy.inject(fault, { when: requestsFor.secondPart, nth: 1 })
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(2)
  expect(device.server.partsSentAgain()).toEqual([])
  expect(device.server.violations).toEqual([])
})

test('a part refused for the skew of a clock waits with that reason, costs no attempt, and goes on at once when a person says that the clock is right', async () => {
  const device = await startDeviceBehindProxy(inThreeParts)
  const skewed = device.proxy.inject(faults.clockSkewed, { when: requestsFor.secondPart })
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.start()
  const waiting = await untilWaiting(device, 'clockSkewed')
  expect(waiting).toMatchObject({ attempts: 1, error: { class: 'destination', code: 'RequestTimeTooSkewed' } })
  skewed.remove()
  await device.cli('retry', waiting.id)
  // Nothing else would end this wait for some minutes, nor let anything through before half of the time that the gate stays closed.
  await device.until(([upload]) => upload?.state === 'verified', 'verified', 10_000)
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(1)
  expect(device.server.partsSentAgain()).toEqual([])
})

test('a custody call answered 502 is made again, and the clip is verified', async () => {
  const device = await startDeviceBehindProxy(inThreeParts)
  const spoiled = device.proxy.inject(faults.badGateway, { when: requestsFor.custody, nth: 1 })
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(spoiled.hitCount).toBe(1)
  expect(differences(device.server, clip)).toEqual([])
})

test('DNS gone: uploads wait with that reason, cost no attempt, and go on by themselves when names resolve again', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-names-'))
  atEnd(() => rm(dir, { recursive: true, force: true }))
  const [names, servers] = [join(dir, 'hosts'), join(dir, 'resolv.conf')]
  await writeFile(names, '')
  // Nobody answers there, as on a network whose name server is away.
  await writeFile(servers, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n')
  const script = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"'
  const within = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', names, servers]
  const device = await startDeviceBehindProxy({
    ...inThreeParts,
    program: ['unshare', ...within, process.execPath, mainPath],
  })
  changeStored(device.stateDir, "UPDATE upload_link SET server_url = replace(server_url, '127.0.0.1', 'ingest.test')")
  await device.start(['--insecure'])
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.until(([upload]) => upload?.state === 'waiting' && upload.reason === 'offline', 'waits for the network')
  const { uploadLink } = await device.status()
  expect(uploadLink).toMatchObject({ state: 'down', lastError: expect.stringContaining('name') })
  await writeFile(names, '127.0.0.1 ingest.test\n')
  const [upload] = await device.until(([first]) => first?.state === 'verified', 'verified')
  expect(upload?.attempts).toBe(1)
  expect(differences(device.server, clip)).toEqual([])
  expect(device.proxy.requests.some(({ headers }) => String(headers.host).startsWith('ingest.test:'))).toBe(true)
})

async function untilWaiting(device: DeviceBehindProxy, reason: string): Promise<ListedUpload> {
  const [upload] = await device.until(
    ([first]) => first?.state === 'waiting' && first.reason === reason && first.error !== null,
    `waits: ${reason}`,
  )
  if (upload === undefined) throw new Error('the condition names a first one')
  return upload
}
