import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { endAll, runCli, startDevice } from './agent-process.ts'
import { backdate, differences, writeClip } from './clips.ts'
import { changeStored, movedPairing } from './stored-queue.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

test('while sharing is paused what was captured before goes up, and status says so without calling it held up', async () => {
  const device = await startDevice()
  const [hour, minute] = [3_600_000, 60_000]
  changeStored(device.stateDir, movedPairing(-hour, -hour))
  device.server.pause(Date.now() - minute / 2)
  const clip = await writeClip(join(device.watchDir, '..'), 'A001.mov', 100_000)
  await backdate(clip.path, new Date(Date.now() - minute))
  await rename(clip.path, join(device.watchDir, 'A001.mov'))
  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
  expect(await device.status()).toMatchObject({ sharingPaused: true, notMoving: [], blockedBy: null })
  const { stdout } = await runCli(['--state-dir', device.stateDir, 'status'])
  expect(stdout).toContain('sharing     paused: What is captured from now on never uploads')
  expect(stdout).not.toContain('not moving')
})
