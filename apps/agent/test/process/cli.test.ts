import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { endAll, pairDevice, runCli, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

test('exit codes: 2 for misuse, 3 for a device that is not paired, 1 for what could not be done', async () => {
  const device = await startDevice({ paired: false })
  expect((await device.cli('frobnicate')).code).toBe(2)
  expect((await device.cli('run', '--workers', 'many')).code).toBe(2)
  expect((await device.cli('pair')).code).toBe(2)
  expect((await device.cli('retry')).code).toBe(2)
  expect((await device.cli('pair', '--server', 'http://192.0.2.1')).code).toBe(2)
  expect((await device.cli('run', '--watch', device.watchDir)).code).toBe(3)
  expect((await device.cli('add', '/etc/hostname')).code).toBe(3)
  expect((await device.cli('deauthorize')).code).toBe(3)
  expect((await device.cli('retry', 'no-such-id')).code).toBe(1)
  expect((await device.cli('list')).code).toBe(0)
  expect((await device.cli('--help')).code).toBe(0)
})

test('an error is told with its code and what to do about it', async () => {
  const device = await startDevice({ paired: false })
  const finished = await device.cli('run')
  expect(JSON.parse(finished.stderr)).toEqual({
    error: {
      code: 'NOT_PAIRED',
      message: 'this device is not paired',
      hint: 'Pair it first: rushes-agent pair --server URL',
    },
  })
})

test('pair prints a code, waits for the approval, and names the project', async () => {
  const device = await startDevice({ paired: false, autoApprove: false })
  const pairing = pairDevice(device)
  const code = await device.server.pairingCode()
  device.server.approve(code)
  const { lines } = await pairing
  expect(lines).toMatchObject([
    { event: 'code', userCode: code, verificationUri: expect.stringContaining('/pair') },
    { event: 'paired', projectId: 'project-1', projectName: 'First Project' },
  ])
})

test('a pairing that somebody declines ends with an error, and one that runs out is followed by a new code', async () => {
  const device = await startDevice({ paired: false, autoApprove: false })
  const declined = device.cli('pair', '--server', device.server.url)
  device.server.deny(await device.server.pairingCode())
  expect(await declined).toMatchObject({ code: 1 })

  const pairing = pairDevice(device)
  const first = await device.server.pairingCode()
  device.server.expirePairing(first)
  const second = await device.server.pairingCode()
  device.server.approve(second)
  const { lines } = await pairing
  expect(lines.map((line) => (line as { event: string }).event)).toEqual(['code', 'codeExpired', 'code', 'paired'])
})

test('a device can upload to a foreign server while its control link stays with ours', async () => {
  const foreign = await startDevice({ mode: 'foreign' })
  const control = await startDevice({ paired: false })
  const paired = await foreign.cli(
    'pair',
    '--server',
    control.server.url,
    '--upload-to',
    foreign.server.url,
    '--client-id',
    'unit-7',
    '--client-secret',
    'model-secret',
  )
  expect(paired.code).toBe(0)
  await foreign.start()
  const clip = await writeClip(foreign.watchDir, 'A001.mov', 100_000)
  await foreign.until((uploads) => uploads[0]?.state === 'uploaded', 'uploaded')
  expect(differences(foreign.server, clip)).toEqual([])
  expect(control.server.assets).toEqual([])
  expect(control.server.requestsOf('deviceCode').at(-1)?.body).toMatchObject({ rushes_upload_to: foreign.server.url })
  expect(await foreign.status()).toMatchObject({
    controlLink: { state: expect.stringMatching(/connecting|waiting/) },
    controlServer: control.server.url,
    destination: foreign.server.url,
    destinationIsOurs: false,
  })
  expect(foreign.server.violations).toEqual([])
})

test.for([
  ['the environment', undefined, { RUSHES_CLIENT_SECRET: 'model-secret' }, ''],
  ['the standard input', '-', {}, 'model-secret\n'],
] as const)(
  'the secret of the model is taken from %s, where no list of processes shows it',
  async ([, flag, env, input]) => {
    const device = await startDevice({ mode: 'foreign', paired: false })
    const given = flag === undefined ? [] : ['--client-secret', flag]
    const args = ['--state-dir', device.stateDir, '--json', 'pair', '--upload-to', device.server.url, ...given]
    expect((await runCli(args, { env, input })).code).toBe(0)
    expect(device.server.requestsOf('deviceCode').at(-1)?.body).toMatchObject({ client_secret: 'model-secret' })
  },
)

test('hold keeps everything back and says so, release lets it go', async () => {
  const device = await startDevice()
  await device.start()
  expect((await device.cli('hold')).lines).toEqual([{ changed: true }])
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  const [held] = await device.until((uploads) => uploads[0]?.state === 'held', 'held')
  expect(held?.reason).toBe('heldByOperator')
  expect((await device.status()).hold).toMatchObject({ by: 'device' })
  expect(device.server.assets).toEqual([])
  await device.cli('release')
  await device.until((uploads) => uploads[0]?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
})

test('add queues a file from anywhere once, and cancel and retry take it out and in again, with and without a daemon', async () => {
  const device = await startDevice()
  const clip = await writeClip(join(device.stateDir, '..', 'elsewhere'), 'C001.mov', 100_000)
  const added = await device.cli('add', clip.path)
  expect(added.lines).toMatchObject([{ outcome: 'queued' }])
  expect((await device.cli('add', clip.path)).lines).toMatchObject([{ outcome: 'known' }])
  expect((await device.cli('add', device.watchDir)).code).toBe(1)
  const [queued] = await device.list()
  expect((await device.cli('cancel', queued?.id ?? '')).code).toBe(0)
  expect((await device.list())[0]).toMatchObject({ state: 'cancelled', reason: 'cancelledOnDevice' })
  await device.start()
  expect((await device.cli('retry', queued?.id ?? '')).code).toBe(0)
  await device.until((uploads) => uploads[0]?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
})

test('a second daemon on the same state folder is refused, and the socket of the first is for its user alone', async () => {
  const device = await startDevice()
  await device.start()
  const second = await runCli(['--state-dir', device.stateDir, '--json', 'run', '--watch', device.watchDir])
  expect(second.code).toBe(1)
  expect(second.stderr).toContain('STATE_DIR_LOCKED')
  expect((await stat(join(device.stateDir, 'agent.sock'))).mode & 0o777).toBe(0o600)
})

test('deauthorize revokes the pairing and keeps the queue', async () => {
  const device = await startDevice()
  await device.cli('hold')
  await device.cli('add', (await writeClip(join(device.stateDir, '..'), 'C001.mov', 10_000)).path)
  expect((await device.cli('deauthorize')).lines).toEqual([{ revoked: true }])
  expect(await device.status()).toMatchObject({ paired: false, controlServer: null })
  expect(await device.list()).toHaveLength(1)
  expect(device.server.requestsOf('revoke')).toHaveLength(1)
})

test('a setting that is wrong stops the agent with the name of the setting', async () => {
  const device = await startDevice({ settings: { workers: 0 } })
  const finished = await device.cli('run')
  expect(finished.code).toBe(2)
  expect(finished.stderr).toContain('workers')
})

test('with no agent running, status says how to start one, and an empty queue says that it is empty', async () => {
  const device = await startDevice()
  const inWords = (...args: string[]) => runCli(['--state-dir', device.stateDir, ...args])
  expect((await inWords('status')).stdout).toMatch(/^not moving {2}no agent runs: start it with rushes-agent run/m)
  expect(await inWords('list')).toMatchObject({ code: 0, stdout: '', stderr: 'The queue is empty.\n' })
})

test('status says in words what was left out of the watch folders', async () => {
  const device = await startDevice()
  await writeFile(join(device.watchDir, '.DS_Store'), 'x')
  await writeFile(join(device.watchDir, 'A001.mov.part'), 'x')
  await device.start()
  const status = async () => (await runCli(['--state-dir', device.stateDir, 'status'])).stdout
  await expect.poll(status, { timeout: 30_000 }).toMatch(/^left out {4}1 hidden, 1 by a temporary name$/m)
})
