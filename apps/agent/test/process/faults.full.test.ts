import { afterEach, expect, test, vi } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import { endAll, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const withRetryAfter = (fault: typeof faults.slowDown) => ({
  ...fault,
  headers: { ...fault.headers, 'retry-after': '1' },
})

/** Faults that pass: the clip arrives whole, without a person doing anything, and without a second asset. */
test.for([
  ['a part answered 500', faults.internalError, 'part'],
  ['a part answered 503 SlowDown', faults.slowDown, 'part'],
  ['a part answered 400 RequestTimeout', faults.requestTimeout, 'part'],
  ['a part whose connection is reset in the middle', faults.resetMidBody(100_000), 'part'],
  ['a part answered 500 with Retry-After', withRetryAfter(faults.internalError), 'part'],
  ['a part answered 503 with Retry-After', withRetryAfter(faults.slowDown), 'part'],
  ['a part answered 429', { ...faults.slowDown, status: 429 }, 'part'],
  ['a part answered 404 by an intermediary', faults.notFoundByIntermediary, 'part'],
  ['a part whose reply is cut short', faults.truncateReply, 'part'],
  ['a part that stalls', faults.stallMidBody(100_000), 'part'],
  ['a part whose reply is lost', faults.loseReply, 'part'],
  ['a part answered by a captive portal with 200', faults.captivePortal, 'part'],
  ['a create answered 500', faults.serverError, 'create'],
  ['a create answered 429', faults.rateLimited, 'create'],
  ['a create answered 429 with Retry-After', faults.rateLimitedFor(1), 'create'],
  ['a create answered 503', { ...faults.serverError, status: 503 }, 'create'],
  ['a create answered 503 with Retry-After', withRetryAfter({ ...faults.serverError, status: 503 }), 'create'],
  ['a create answered 404 by an intermediary', faults.notFoundByIntermediary, 'create'],
  ['a create answered by a captive portal with 200', faults.captivePortal, 'create'],
  ['a create whose reply is lost', faults.loseReply, 'create'],
  ['a create whose reply is cut short', faults.truncateReply, 'create'],
  ['a custody call answered 502', faults.badGateway, 'custody'],
] as const)('%s is tried again and the clip arrives once', async ([, fault, operation]) => {
  const device = await startDevice({ chunkSizeBytes: 1_048_576 })
  device.server.inject(fault, { operation })
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(1)
  expect(device.server.violations).toEqual([])
})

test.for([
  ['expired addresses', faults.urlExpired],
  ['an upload that the destination has lost', faults.noSuchUpload],
] as const)('%s lead to a new asset, and only that one is completed', async ([, fault]) => {
  const device = await startDevice({ chunkSizeBytes: 1_048_576, settings: { workers: 1 } })
  device.server.inject(fault, { operation: 'part', nth: 2 })
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(2)
})

test('a part refused for the skew of a clock waits with that reason, costs no attempt, and goes on when the clock is right', async () => {
  const device = await startDevice()
  device.server.inject(faults.clockSkewed, { operation: 'part' })
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.start()
  const [waiting] = await device.until(([upload]) => upload?.reason === 'clockSkewed', 'waits for the clock')
  expect(waiting).toMatchObject({ state: 'waiting', error: { code: 'RequestTimeTooSkewed' } })
  await device.cli('retry', waiting?.id ?? '')
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(1)
})

test('an upload that the destination loses twice has failed, with its reason, and a retry starts it anew', async () => {
  const device = await startDevice()
  const lost = device.server.inject(faults.noSuchUpload, { operation: 'part', times: 1_000 })
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.start()
  const [failed] = await device.until(([upload]) => upload?.state === 'failed', 'failed')
  expect(failed).toMatchObject({ reason: 'uploadLostByDestination', error: { code: 'NoSuchUpload' } })
  lost.remove()
  expect((await device.cli('retry', '--failed')).code).toBe(0)
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
})

test('a destination that is away costs no clip an attempt, shows as the reason, and uploading resumes by itself', async () => {
  const device = await startDevice()
  await device.server.refuse()
  await device.start()
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.until(([upload]) => upload?.state === 'waiting' && upload.reason === 'offline', 'waits for the network')
  const status = await device.status()
  expect(status).toMatchObject({ blockedBy: 'offline', uploadLink: { state: 'down' } })
  await device.server.accept()
  const [upload] = await device.until(([first]) => first?.state === 'verified', 'verified')
  expect(upload?.attempts).toBe(1)
  expect(differences(device.server, clip)).toEqual([])
})

test('a part that fails again and again uses up 30 attempts, then waits for the next boot, and goes on when it is retried', async () => {
  const device = await startDevice({ chunkSizeBytes: 1_048_576 })
  const broken = device.server.inject(
    { kind: 'reply', status: 418 },
    { operation: 'part', path: /./, nth: 1, times: 1_000 },
  )
  const clip = await writeClip(device.watchDir, 'A001.mov', 1_000_000)
  await device.start()
  const [waiting] = await device.until(([upload]) => upload?.reason === 'awaitingRestart', 'all tries used up')
  expect(waiting).toMatchObject({ state: 'waiting', attempts: 30 })
  expect(broken.hitCount).toBe(30)
  broken.remove()
  await device.cli('retry', waiting?.id ?? '')
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
})

test('one clip that fails does not keep the others from arriving', async () => {
  const device = await startDevice({
    settings: { workers: 1, retry: { baseDelayMs: 50, maxDelayMs: 300, jobPauseMs: 2_000 } },
  })
  device.server.inject({ kind: 'reply', status: 418 }, { operation: 'part', path: /asset-1/, times: 1_000 })
  await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.start()
  await device.until(([upload]) => (upload?.attempts ?? 0) >= 1, 'the first one fails')
  const clips = [
    await writeClip(device.watchDir, 'A002.mov', 100_001),
    await writeClip(device.watchDir, 'A003.mov', 100_002),
  ]
  await device.until(
    (uploads) => uploads.filter(({ state }) => state === 'verified').length === 2,
    'the others are verified',
  )
  for (const clip of clips) expect(differences(device.server, clip)).toEqual([])
})

test('a clip whose stored bytes differ from those that left the device is never shown as verified', async () => {
  const device = await startDevice({ custodyPendingCount: 3 })
  const stall = device.server.inject({ kind: 'stall', at: 'reply' }, { operation: 'custody' })
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.start()
  await device.server.until(() => device.server.completedAssets().length === 1, 'complete', 60_000)
  device.server.corruptPart(device.server.assets[0]?.id ?? '', 1)
  stall.remove()
  const [failed] = await device.until(([upload]) => upload?.state === 'failed', 'failed')
  expect(failed?.reason).toBe('digestMismatch')
  await device.cli('retry', failed?.id ?? '')
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(device.server.assets).toHaveLength(2)
  expect(clip.bytes.byteLength).toBe(100_000)
})

test('one connection carries many requests, and every call of the API names the version of the agent', async () => {
  const device = await startDevice({ chunkSizeBytes: 1_048_576 })
  await writeClip(device.watchDir, 'A001.mov', 20_000_000)
  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  const { server } = device
  expect(server.requestsOf('part')).toHaveLength(20)
  const connections = new Set(server.requestsOf('part').map(({ connection }) => connection))
  expect(connections.size).toBeLessThanOrEqual(8)
  const api = server.requests.filter(({ operation }) => operation !== 'part')
  expect(api.every(({ headers }) => /^\d+\.\d+\.\d+/.test(String(headers['x-client-version'])))).toBe(true)
  const part = server.requestsOf('part')[0]?.headers
  expect(part).toMatchObject({ 'content-type': 'video/quicktime', 'x-amz-acl': 'private', 'content-length': '1000000' })
  expect(part?.authorization).toBeUndefined()
  expect(part?.['transfer-encoding']).toBeUndefined()
})
