import { spawn } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { remoteOperations } from '../../src/local-api/call.ts'
import { atEnd, endAll, mainPath, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

test('a full disk stops new work with one alert, loses nothing, and uploading goes on by itself when there is room', async () => {
  const device = await startDevice()
  const held = device.server.inject({ kind: 'stall', at: 'reply' }, { operation: 'part', times: 1 })
  const root = join(device.stateDir, '..', 'small')
  await mkdir(root)
  // A file system of its own, seen by this process alone; as an ordinary user that takes a namespace of users as well.
  const script = 'mount -t tmpfs -o size=48m none "$1" && cp -a "$2"/. "$1" && shift 2 && exec "$@"'
  const run = ['--state-dir', root, '--json', 'run', '--watch', device.watchDir]
  const child = spawn(
    'unshare',
    [
      '--user',
      '--map-root-user',
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
      root,
      device.stateDir,
      process.execPath,
      mainPath,
      ...run,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()))
  atEnd(async () => {
    child.kill('SIGKILL')
    await closed
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    void closed.then(() => reject(new Error(log)))
  })
  const inside = join(`/proc/${child.pid}/root`, root)
  const remote = remoteOperations(inside)
  const status = () => remote.status({})

  const clips = [await writeClip(device.watchDir, 'A001.mov', 100_000)]
  await held.firstHit
  await writeFile(join(inside, 'somebody-else'), Buffer.alloc(48 * 1024 * 1024)).catch(() => undefined) // that it does not fit is the point
  await expect.poll(async () => (await status()).blockedBy, { timeout: 30_000 }).toBe('diskFull')
  clips.push(await writeClip(device.watchDir, 'A002.mov', 100_001))
  held.remove()
  await device.server.until(() => device.server.completedAssets().length === 1, 'the part under way arrives')
  await expect.poll(async () => (await status()).counts, { timeout: 30_000 }).toMatchObject({ queued: 1 })
  expect(device.server.assets).toHaveLength(1)

  await rm(join(inside, 'somebody-else'))
  await expect.poll(async () => (await status()).counts, { timeout: 30_000 }).toEqual({ verified: 2 })
  for (const clip of clips) expect(differences(device.server, clip)).toEqual([])
  expect(device.server.partsSentAgain()).toEqual([])
  expect(log.split('\n').filter((line) => line.includes('disk of the state folder is full'))).toHaveLength(1)
})
