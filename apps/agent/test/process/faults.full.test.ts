import { afterEach, expect, test, vi } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import { endAll, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

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
