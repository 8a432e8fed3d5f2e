import { freshSeed, seededRandom } from '@rushes/test-kit'
import { afterEach, expect, test, vi } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import { endAll, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'
import { killAtRandom } from './kill-rounds.ts'
import { acknowledgedParts, changeStored, readStored } from './stored-queue.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

/** One part after the other, with the patience that a machine takes on which everything stands still now and then. */
const oneAtATime = { chunkSizeBytes: 1_048_576, settings: { workers: 1, stallMs: 20_000, drainMs: 20_000 } }

test('kill -9 at random points loses nothing, sends no acknowledged part again and completes each clip once', async () => {
  const seed = freshSeed()
  const { kills, problems } = await killAtRandom(seededRandom(seed), { killCount: 6, deadlineMs: 60_000 })
  expect(problems, `seed ${seed}`).toEqual([])
  expect(kills).toBe(6)
}, 180_000)

test('resumes from the last acknowledged part after the process is killed in the middle of a part', async () => {
  const device = await startDevice(oneAtATime)
  const clip = await writeClip(device.watchDir, 'A001.mov', 6 * 1_048_576)
  const stall = device.server.inject({ kind: 'stall', at: 'body', afterBytes: 100_000 }, { operation: 'part', nth: 3 })
  const first = await device.start()
  await stall.firstHit
  await first.kill()
  const noted = acknowledgedParts(device.stateDir)
  expect(noted).toHaveLength(2)
  stall.remove()

  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')

  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.partsSentAgain().filter((part) => noted.includes(part))).toEqual([])
  expect(device.server.assets).toHaveLength(1)
})

test('does not send a part again whose reply came too late for the process that was killed', async () => {
  const device = await startDevice(oneAtATime)
  const clip = await writeClip(device.watchDir, 'A001.mov', 3_000_000)
  const stall = device.server.inject({ kind: 'stall', at: 'reply' }, { operation: 'part', nth: 2 })
  const first = await device.start()
  await stall.firstHit
  await device.server.until(() => device.server.assets[0]?.parts.get(2)?.received != null, 'the part is stored', 60_000)
  await first.kill()
  stall.remove()

  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')

  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.requestsOf('part')).toHaveLength(3)
})

test('makes no second asset of a clip that was whole when the process was killed, and comes back after addresses and tokens have run out', async () => {
  const device = await startDevice(oneAtATime)
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  const stall = device.server.inject({ kind: 'stall', at: 'reply' }, { operation: 'part', nth: 3 })
  const first = await device.start()
  await stall.firstHit
  await device.server.until(() => device.server.completedAssets().length === 1, 'the clip is whole', 60_000)
  await first.kill()
  stall.remove()
  device.server.expireUrls()
  device.server.endAccessTokens()
  const dayMs = 86_400_000
  changeStored(device.stateDir, `UPDATE uploads SET urls_issued_at = urls_issued_at - ${dayMs}`)
  changeStored(device.stateDir, `UPDATE upload_link SET access_expires_at = access_expires_at - ${dayMs}`)

  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')

  expect(device.server.assets).toHaveLength(1)
  expect(device.server.requestsOf('part')).toHaveLength(3)
  expect(differences(device.server, clip)).toEqual([])
})

test('goes on with the same clip after a day offline, and sends only what had not arrived', async () => {
  const device = await startDevice(oneAtATime)
  const clip = await writeClip(device.watchDir, 'A001.mov', 4_000_000)
  const stall = device.server.inject({ kind: 'stall', at: 'body', afterBytes: 1_000 }, { operation: 'part', nth: 3 })
  const first = await device.start()
  await stall.firstHit
  await first.kill()
  stall.remove()
  device.server.expireUrls()
  device.server.endAccessTokens()
  changeStored(device.stateDir, 'UPDATE uploads SET urls_issued_at = urls_issued_at - 86400000')

  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')

  expect(device.server.assets).toHaveLength(1)
  expect(device.server.partsSentAgain()).toEqual([])
  expect(differences(device.server, clip)).toEqual([])
})

test('a store that calls a whole clip a dead upload does not get it twice', async () => {
  const device = await startDevice(oneAtATime)
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  // The bytes arrive, the reply does not; asked again, the store knows no such upload any more, and ingest is away at first.
  device.server.inject({ kind: 'loseReply' }, { operation: 'part', nth: 3 })
  device.server.inject(faults.noSuchUpload, { operation: 'part', nth: 4, times: 100 })
  device.server.inject(faults.badGateway, { operation: 'asset', times: 2 })

  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')

  expect(device.server.assets).toHaveLength(1)
  expect(differences(device.server, clip)).toEqual([])
})

test('makes no second asset when the process is killed between the create and its reply', async () => {
  const device = await startDevice()
  const clip = await writeClip(device.watchDir, 'A001.mov', 200_000)
  const stall = device.server.inject({ kind: 'stall', at: 'reply' }, { operation: 'create' })
  const first = await device.start()
  await stall.firstHit
  await first.kill()
  stall.remove()
  expect(readStored(device.stateDir, 'SELECT state, uncertain FROM uploads')).toMatchObject([
    { state: 'registering', uncertain: 1 },
  ])

  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')

  expect(device.server.assets).toHaveLength(1)
  expect(differences(device.server, clip)).toEqual([])
})

test('a foreign server, which knows no idempotency key, gets at most one complete asset after a lost reply', async () => {
  const device = await startDevice({ mode: 'foreign' })
  const clip = await writeClip(device.watchDir, 'A001.mov', 200_000)
  device.server.inject({ kind: 'loseReply' }, { operation: 'create' })
  await device.start()

  await device.until(([upload]) => upload?.state === 'uploaded', 'uploaded')

  expect(device.server.assets).toHaveLength(2)
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.requestsOf('create').every(({ headers }) => headers['idempotency-key'] === undefined)).toBe(true)
  expect(device.server.requestsOf('custody')).toEqual([])
})

test('SIGTERM lets the part on its way finish and gives back the rest without counting an attempt', async () => {
  const device = await startDevice(oneAtATime)
  await writeClip(device.watchDir, 'A001.mov', 4 * 1_048_576)
  const slow = device.server.inject({ kind: 'latency', delayMs: 400 }, { operation: 'part', nth: 2, times: 1_000 })
  const agent = await device.start()
  await slow.firstHit

  expect(await agent.terminate()).toBe(0)

  const parts = readStored<{ state: string; attempts: number }>(
    device.stateDir,
    'SELECT state, attempts FROM parts ORDER BY number',
  )
  expect(parts.slice(0, 2)).toMatchObject([{ state: 'acknowledged' }, { state: 'acknowledged' }])
  expect(parts.slice(2)).toMatchObject([
    { state: 'pending', attempts: 0 },
    { state: 'pending', attempts: 0 },
  ])
})
