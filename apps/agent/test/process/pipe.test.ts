import { basename, join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { endAll, runCli, startDevice } from './agent-process.ts'
import { differences } from './clips.ts'
import { beginPipe, isSpoolEmpty, pipedClip, spooled } from './pipes.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

test.for(['ours', 'foreign'] as const)(
  'what comes through a pipe arrives byte for byte as captured when the pipe began, and its spooled copy goes when it is home (%s)',
  async (mode) => {
    const device = await startDevice({ mode, chunkSizeBytes: 1_048_576 })
    await device.start()
    const clip = pipedClip('A001.mov')
    const before = Date.now()
    const pipe = await beginPipe(device, clip.name, ['--channel', '2'])
    const begun = Date.now()
    await expect.poll(() => Date.now(), { timeout: 30_000 }).toBeGreaterThan(begun + 50)
    for (let at = 0; at < clip.bytes.length; at += 100_000) await pipe.send(clip.bytes.subarray(at, at + 100_000))
    expect(spooled(device).map((path) => basename(path))).toEqual(['A001.mov.part'])
    expect(await pipe.end()).toBe(0)

    const home = mode === 'ours' ? 'verified' : 'uploaded'
    const [upload] = await device.until(([first]) => first?.state === home, home)
    expect(differences(device.server, clip)).toEqual([])
    expect(device.server.assets).toMatchObject([{ name: 'A001.mov', channel: 2, fileType: 'video/quicktime' }])
    const capturedAt = Date.parse(upload?.capturedAt ?? '')
    expect(capturedAt).toBeGreaterThanOrEqual(before)
    expect(capturedAt).toBeLessThanOrEqual(begun)
    await expect.poll(() => isSpoolEmpty(device), { timeout: 60_000 }).toBe(true)
    expect((await device.list())[0]).toMatchObject({ state: home, xxh64: expect.stringMatching(/^[0-9a-f]{16}$/) })
  },
)

test('of a pipe that is interrupted nothing is kept', async () => {
  const device = await startDevice()
  const pipe = await beginPipe(device, 'A001.mov')
  await pipe.send(pipedClip('A001.mov').bytes)
  expect(await pipe.kill('SIGINT')).toBe(1)
  expect(pipe.stderr()).toContain('PIPE_NOT_TAKEN')
  expect(isSpoolEmpty(device)).toBe(true)
  expect(await device.list()).toEqual([])
})

test('an empty pipe is refused', async () => {
  const device = await startDevice()
  const refused = await runCli(['--state-dir', device.stateDir, '--json', 'add', '-', '--name', 'A001.mov'])
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('PIPE_NOT_TAKEN')
  expect(isSpoolEmpty(device)).toBe(true)
  expect(await device.list()).toEqual([])
})

test('a pipe without a plain name, or beside files, is refused as misuse before anything is read', async () => {
  const device = await startDevice({ paired: false })
  const misuses = [
    ['-', '--name', '../A001.mov'],
    ['-'],
    ['-', '-', '--name', 'A001.mov'],
    ['-', '/etc/hostname', '--name', 'A001.mov'],
    ['/etc/hostname', '--name', 'A001.mov'],
  ]
  for (const args of misuses) {
    const refused = await runCli(['--state-dir', device.stateDir, '--json', 'add', ...args], { input: 'bytes' })
    expect({ args, code: refused.code }).toEqual({ args, code: 2 })
  }
  expect(spooled({ stateDir: join(device.stateDir, '..') })).toEqual([])
  expect(spooled(device)).toEqual([])
})

test('a pipe is not read where the device is not paired, or nobody is there to be waited for', async () => {
  const unpaired = await startDevice({ paired: false })
  const pipe = ['add', '-', '--name', 'A001.mov']
  expect((await unpaired.cli(...pipe)).code).toBe(3)
  const alone = await startDevice()
  expect((await alone.cli(...pipe, '--wait', 'verified')).code).toBe(4)
  expect(spooled(alone)).toEqual([])
})
