import { execFile } from 'node:child_process'
import { mkdir, stat, utimes } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import { spoolInput } from '../../src/spool/spool-input.ts'
import { endAll, mainPath, startDevice } from './agent-process.ts'
import { differences } from './clips.ts'
import { beginPipe, isSpoolEmpty, pipedClip, spooled } from './pipes.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const run = promisify(execFile)

test('a pipe whose name is in the queue already is a clip of its own, and --wait waits for it', async () => {
  const device = await startDevice()
  await device.start()
  for (const size of [100_000, 100_001]) {
    const pipe = await beginPipe(device, 'A001.wav', ['--wait', 'verified'])
    await pipe.send(pipedClip('A001.wav', size).bytes)
    expect(await pipe.end()).toBe(0)
  }
  const sizes = device.server.completedAssets().map(({ name, sizeBytes }) => [name, sizeBytes])
  expect(sizes).toEqual([
    ['A001.wav', 100_000],
    ['A001.wav', 100_001],
  ])
})

test('no clip is made of a pipe whose command is killed in the middle; what it left goes after a day, what another still writes does not', async () => {
  const device = await startDevice()
  const killed = await beginPipe(device, 'A001.mov')
  await killed.send(pipedClip('A001.mov').bytes)
  expect(await killed.kill('SIGKILL')).toBe(-1)
  const left = spooled(device)
  expect(left).toHaveLength(1)

  const clip = pipedClip('A002.mov')
  const slow = await beginPipe(device, clip.name)
  for (const path of spooled(device)) await utimes(path, new Date(0), new Date(0))
  const agent = await device.start()
  await expect.poll(() => spooled(device).filter((path) => left.includes(path)), { timeout: 60_000 }).toEqual([])
  await expect
    .poll(() => agent.stderr(), { timeout: 30_000 })
    .toContain('what a pipe left unfinished was removed after a day')
  await slow.send(clip.bytes)
  expect(await slow.end()).toBe(0)

  await device.until((uploads) => uploads.map(({ state }) => state).join() === 'verified', 'the second alone is there')
  expect(differences(device.server, clip)).toEqual([])
})

test('what the command of a pipe left unfinished is kept for a day', async () => {
  const device = await startDevice()
  const killed = await beginPipe(device, 'A001.mov')
  await killed.send(pipedClip('A001.mov').bytes)
  await killed.kill('SIGKILL')
  await device.start()
  const other = await beginPipe(device, 'A002.mov', ['--wait', 'verified'])
  await other.send(pipedClip('A002.mov').bytes)
  expect(await other.end()).toBe(0)
  // The agent has looked at the spool: the other one is gone.
  await expect.poll(() => spooled(device).map((path) => basename(path)), { timeout: 60_000 }).toEqual(['A001.mov.part'])
})

test('a whole clip that its command could not queue any more is taken up by the agent, once', async () => {
  const device = await startDevice()
  const clip = pipedClip('A001.mxf')
  const note = { channel: 3, began: { at: Date.now() - 1, inBoot: null } }
  const spooledInput = await spoolInput(Readable.from([clip.bytes]), {
    ...{ stateDir: device.stateDir, name: clip.name, note },
    signal: new AbortController().signal,
    onReceived: () => undefined,
  })
  spooledInput.release() // as the kernel does when the command is killed here
  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toMatchObject([{ channel: 3 }])
  await expect.poll(() => isSpoolEmpty(device), { timeout: 60_000 }).toBe(true)
})

test('a piped clip survives a kill -9 of the agent that uploads it', async () => {
  const device = await startDevice({ chunkSizeBytes: 1_048_576, settings: { workers: 1 } })
  const stall = device.server.inject({ kind: 'stall', at: 'body', afterBytes: 100_000 }, { operation: 'part', nth: 3 })
  const first = await device.start()
  const clip = pipedClip('A001.mov')
  const pipe = await beginPipe(device, clip.name)
  await pipe.send(clip.bytes)
  expect(await pipe.end()).toBe(0)
  await stall.firstHit
  await first.kill()
  stall.remove()
  expect(spooled(device)).toHaveLength(1)

  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(1)
  await expect.poll(() => isSpoolEmpty(device), { timeout: 60_000 }).toBe(true)
})

test('a piped clip that is cancelled stays in the spool, which cancel says, and goes up when it is tried again', async () => {
  const device = await startDevice()
  await device.cli('hold')
  const clip = pipedClip('A001.mov')
  const pipe = await beginPipe(device, clip.name)
  await pipe.send(clip.bytes)
  expect(await pipe.end()).toBe(0)
  const [path = ''] = spooled(device)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const [upload] = await device.list()
  expect((await device.cli('cancel', upload?.id ?? '')).lines).toMatchObject([{ onlyCopies: [path] }])
  await device.start()
  await device.cli('release')
  await device.cli('retry', upload?.id ?? '')
  await device.until(([first]) => first?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
})

test('a pipe that began in a pause of sharing never goes up, wherever it ended, and its only copy stays', async () => {
  const device = await startDevice()
  device.server.pause(Date.now() - 60_000)
  const agent = await device.start()
  const pipe = await beginPipe(device, 'A001.mov')
  const pausedUntil = Date.now() + 1_500 // a destination counts in whole seconds
  device.server.resume(pausedUntil)
  await expect.poll(() => Date.now(), { timeout: 30_000 }).toBeGreaterThan(pausedUntil)
  await pipe.send(pipedClip('A001.mov').bytes)
  expect(await pipe.end()).toBe(0)
  await device.until(([upload]) => upload?.state === 'blocked', 'blocked')
  await agent.terminate()
  expect(device.server.assets).toEqual([])
  expect(spooled(device)).toHaveLength(1)
})

test('a pipe that began in the project before waits for a person', async () => {
  const device = await startDevice()
  const pipe = await beginPipe(device, 'A001.mov')
  device.server.setProject({ id: 'project-2', name: 'Second Project' })
  await device.start()
  await expect.poll(async () => (await device.status()).project?.id, { timeout: 60_000 }).toBe('project-2')
  await pipe.send(pipedClip('A001.mov').bytes)
  expect(await pipe.end()).toBe(0)
  expect(await device.list()).toMatchObject([{ state: 'held', reason: 'capturedBeforePairing' }])
  expect(spooled(device)).toHaveLength(1)
})

test('a pipe that the disk has no room for is refused in time, with nothing of it left and the rest of the disk free', async () => {
  const device = await startDevice()
  const root = join(device.stateDir, '..', 'small')
  await mkdir(root)
  // A file system of its own, seen by this process alone; as an ordinary user that takes a namespace of users as well.
  const script =
    'mount -t tmpfs -o size=48m none "$1" && cp -a "$2"/. "$1" && cd "$1" && shift 2 && head -c 67108864 /dev/zero | "$@"; echo "code $?"; find spool; df --output=avail -B1 . | tail -n 1'
  const command = [process.execPath, mainPath, '--state-dir', root, 'add', '-', '--name', 'A001.mov']
  const { stdout, stderr } = await run('unshare', [
    '--user',
    '--map-root-user',
    '--mount',
    'sh',
    '-c',
    script,
    'sh',
    root,
    device.stateDir,
    ...command,
  ])
  expect(stderr).toContain('has no room for it [PIPE_NOT_TAKEN]')
  const [code, spool, freeBytes, ...rest] = stdout.trim().split('\n')
  expect([code, spool, ...rest]).toEqual(['code 1', 'spool'])
  expect(Number(freeBytes)).toBeGreaterThan(40_000_000)
})
