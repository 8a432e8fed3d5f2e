import { afterEach, expect, test, vi } from 'vitest'
import { endAll, pairDevice, startDevice } from './agent-process.ts'
import { backdate, differences, untilDatedLater, writeClip } from './clips.ts'
import { readStored } from './stored-queue.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const other = { id: 'project-2', name: 'Second Project' }

test('a device moved with ten clips queued and one in flight clears them all, sends the receipt, and sends no byte of the old project to the new one', async () => {
  const device = await startDevice({ chunkSizeBytes: 1_048_576, settings: { workers: 1 } })
  const { server } = device
  for (let number = 1; number <= 11; number++)
    await writeClip(device.watchDir, `A${String(number).padStart(3, '0')}.mov`, 3_000_000)
  const stall = server.inject({ kind: 'stall', at: 'body', afterBytes: 1_000 }, { operation: 'part' })
  await device.start()
  await stall.firstHit
  await device.until((uploads) => uploads.length === 11, 'eleven clips taken in')

  server.setProject(other)
  await server.until(() => server.receipts.length === 1, 'the receipt came', 60_000)
  stall.remove()
  await untilDatedLater(device)
  const clip = await writeClip(device.watchDir, 'B001.mov', 300_000)
  const uploads = await device.until(
    (all) => all.some(({ state }) => state === 'verified'),
    'a clip of the new project is verified',
  )

  const cleared = uploads.filter(({ state }) => state === 'cleared')
  expect(cleared).toHaveLength(11)
  expect(cleared.every(({ reason, projectId }) => reason === 'projectChanged' && projectId === 'project-1')).toBe(true)
  expect(server.receipts[0]?.receipt).toMatchObject({
    fromProjectId: 'project-1',
    toProjectId: 'project-2',
    clearedCount: 11,
    clearedBytes: 33_000_000,
  })
  expect(server.receipts[0]?.receipt.abortedCount).toBeGreaterThanOrEqual(1)
  expect(server.assets.filter(({ projectId }) => projectId === other.id).map(({ name }) => name)).toEqual(['B001.mov'])
  expect(differences(server, clip)).toEqual([])
  expect(server.violations).toEqual([])
})

test('a move that happened while the agent was down is met before anything is sent', async () => {
  const device = await startDevice()
  const { server } = device
  await device.cli('hold')
  const first = await device.start()
  await writeClip(device.watchDir, 'A001.mov', 300_000)
  await device.until((uploads) => uploads.length === 1 && uploads[0]?.state === 'held', 'taken in')
  await first.kill()
  server.setProject(other)
  await device.cli('release')

  await device.start()
  const [upload] = await device.until((uploads) => uploads[0]?.state === 'cleared', 'cleared')

  expect(upload).toMatchObject({ state: 'cleared', reason: 'projectChanged' })
  await server.until(() => server.receipts.length === 1, 'the receipt came', 60_000)
  expect(server.assets).toEqual([])
})

test('a receipt that is refused at first is sent again before anything else is created', async () => {
  const device = await startDevice()
  const { server } = device
  server.inject({ kind: 'reply', status: 503 }, { operation: 'receipt', times: 2 })
  server.setProject(other)
  await device.start()
  await server.until(() => server.receipts.length === 1, 'the receipt came at last', 60_000)
  await untilDatedLater(device)
  const clip = await writeClip(device.watchDir, 'B001.mov', 100_000)
  await device.until((uploads) => uploads.some(({ state }) => state === 'verified'), 'verified')
  expect(server.requestsOf('receipt')).toHaveLength(3)
  expect(differences(server, clip)).toEqual([])
  expect(server.violations).toEqual([])
})

test('ended access tokens are renewed once for all workers and the same project goes on where it stopped', async () => {
  const device = await startDevice({ chunkSizeBytes: 1_048_576 })
  const { server } = device
  const slow = server.inject({ kind: 'latency', delayMs: 50 }, { operation: 'part', times: 1_000 })
  const clips = [
    await writeClip(device.watchDir, 'A001.mov', 5_000_000),
    await writeClip(device.watchDir, 'A002.mov', 5_000_000),
  ]
  await device.start()
  await slow.firstHit
  const before = server.requestsOf('token').length
  server.endAccessTokens()
  await writeClip(device.watchDir, 'A003.mov', 100_000)
  await device.until(
    (uploads) => uploads.length === 3 && uploads.every(({ state }) => state === 'verified'),
    'all verified',
  )
  expect(server.requestsOf('token').length - before).toBe(1)
  for (const clip of clips) expect(differences(server, clip)).toEqual([])
  expect(server.partsSentAgain()).toEqual([])
})

test('a refresh whose reply is lost is made again with the same token, and nobody has to pair anew', async () => {
  const device = await startDevice()
  const { server } = device
  server.endAccessTokens()
  server.inject({ kind: 'loseReply' }, { operation: 'token' })
  await device.start()
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.until((uploads) => uploads[0]?.state === 'verified', 'verified')
  expect(differences(server, clip)).toEqual([])
  expect(server.violations).toEqual([])
})

test('revoked tokens keep the queue until the device is paired again, to the same project', async () => {
  const device = await startDevice({ mode: 'foreign' })
  const { server } = device
  server.revokeTokens()
  const agent = await device.start()
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.until((uploads) => uploads[0]?.reason === 'authorizationLost', 'authorization lost')
  expect((await device.status()).notMoving[0]?.reason).toBe('authorizationLost')
  await pairDevice(device)
  await device.until((uploads) => uploads[0]?.state === 'uploaded' || uploads[0]?.state === 'held', 'goes on')
  const [upload] = await device.list()
  if (upload?.state === 'held') await device.cli('release', upload.id)
  await device.until((uploads) => uploads[0]?.state === 'uploaded', 'uploaded')
  expect(differences(server, clip)).toEqual([])
  expect(await agent.terminate()).toBe(0)
})

test('our own server gives a device whose pair is lost a new one for its device secret', async () => {
  const device = await startDevice()
  const { server } = device
  server.inject(
    {
      kind: 'reply',
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: '{"error":"invalid_request"}',
    },
    { operation: 'token' },
  )
  server.endAccessTokens()
  await device.start()
  await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.until((uploads) => uploads[0]?.state === 'verified', 'verified')
  expect(server.requestsOf('token').at(-1)?.body).toMatchObject({
    grant_type: 'urn:rushes:params:oauth:grant-type:device_secret',
  })
})

test('a clip captured while sharing is paused is blocked, nobody can retry it, and who says why has it offered once more', async () => {
  const device = await startDevice()
  const { server } = device
  await device.start()
  server.pause()
  await writeClip(device.watchDir, 'A001.mov', 100_000)
  const [blocked] = await device.until((uploads) => uploads[0]?.state === 'blocked', 'blocked')
  expect(blocked?.reason).toBe('capturedInPause')
  // Whole seconds are told of how long ago it was captured, and those that a create takes to be answered pass as well.
  server.resume(Date.now() + 10_000)
  expect((await device.cli('retry', blocked?.id ?? '')).code).toBe(1)
  expect((await device.cli('reset', blocked?.id ?? '')).code).toBe(1)
  expect((await device.list())[0]?.state).toBe('blocked')

  const id = blocked?.id ?? ''
  for (const given of [[id], [id, '--reason', ' '], ['--reason', 'all of them'], [id, id, '--reason', 'both']])
    expect((await device.cli('release', ...given)).code).not.toBe(0)
  // Where the pause still covers its time of capture it is blocked again.
  const creates = () => server.requestsOf('create').length
  const before = creates()
  expect((await device.cli('release', id, '--reason', 'perhaps')).code).toBe(0)
  await device.until(([upload]) => upload?.state === 'blocked' && creates() > before, 'blocked again')
  expect(server.assets).toEqual([])
  // The operator of the destination has taken the pause back.
  server.forgetPauses()
  expect((await device.cli('release', id, '--reason', 'the client has agreed')).code).toBe(0)
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect((await device.cli('list', '--json')).stdout).toContain('the client has agreed')
  expect(server.assets).toHaveLength(1)
  expect(server.violations).toEqual([])
})

test('back in its first project a device takes back what was cleared, after telling how much, and each clip arrives once', async () => {
  const device = await startDevice()
  const { server } = device
  await device.cli('hold')
  const first = await device.start()
  const clips = [
    await writeClip(device.watchDir, 'A001.mov', 100_000),
    await writeClip(device.watchDir, 'A002.mov', 200_000),
  ]
  await device.until((uploads) => uploads.length === 2 && uploads.every(({ state }) => state === 'held'), 'taken in')
  await first.kill()
  server.setProject(other)
  await device.cli('release')
  const second = await device.start()
  await device.until((uploads) => uploads.every(({ state }) => state === 'cleared'), 'cleared')
  const restore = async (...given: string[]) => JSON.parse((await device.cli('restore', ...given)).stdout)
  expect(await restore()).toEqual({ count: 0, byteCount: 0, elsewhere: 2 })
  expect(await restore('--cleared')).toMatchObject({ ids: [] })

  await second.kill()
  server.setProject({ id: 'project-1', name: 'First Project' })
  await device.start()
  await server.until(() => server.receipts.length === 2, 'the receipt came', 60_000)
  expect(await restore()).toEqual({ count: 2, byteCount: 300_000, elsewhere: 0 })
  expect((await restore('--cleared')).ids).toHaveLength(2)
  await device.until(
    (uploads) => uploads.length === 2 && uploads.every(({ state }) => state === 'verified'),
    'verified',
  )
  expect(clips.flatMap((clip) => differences(server, clip))).toEqual([])
  expect(server.assets.map(({ projectId }) => projectId)).toEqual(['project-1', 'project-1'])
  expect(server.violations).toEqual([])
})

test('what was captured before the pairing is held, counted, and goes up when it is released', async () => {
  const device = await startDevice()
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  await backdate(clip.path, new Date(Date.now() - 86_400_000))
  await device.start()
  const [held] = await device.until((uploads) => uploads[0]?.state === 'held', 'held')
  expect(held?.reason).toBe('capturedBeforePairing')
  expect((await device.status()).counts.held).toBe(1)
  await device.cli('release', held?.id ?? '')
  await device.until((uploads) => uploads[0]?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
})

test('the credentials are on disk for the owner alone, and no token or signed address is in the log', async () => {
  const device = await startDevice()
  const agent = await device.start()
  device.server.inject({ kind: 'reply', status: 500 }, { operation: 'part' })
  await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.until((uploads) => uploads[0]?.state === 'verified', 'verified')
  await agent.terminate()
  const [link] = readStored<{ access_token: string; refresh_token: string }>(
    device.stateDir,
    'SELECT access_token, refresh_token FROM upload_link',
  )
  const urls = readStored<{ url: string }>(device.stateDir, 'SELECT url FROM parts').map(({ url }) => url)
  for (const secret of [link?.access_token, link?.refresh_token, ...urls]) expect(agent.stderr()).not.toContain(secret)
  const { readdirSync, statSync } = await import('node:fs')
  expect(statSync(device.stateDir).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(device.stateDir).filter((name) => name !== 'agent.json')) {
    expect(statSync(`${device.stateDir}/${name}`).mode & 0o077, name).toBe(0)
  }
})
