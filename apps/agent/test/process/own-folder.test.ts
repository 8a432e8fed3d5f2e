import { dirname } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { endAll, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

test("a watch folder that contains the agent's state is uploaded without it: the credentials never leave", async () => {
  const device = await startDevice()
  await device.start(['--watch', dirname(device.watchDir)])
  // Twice, so that all that lay there at the start has had the time that a file has to rest.
  for (const name of ['A001.mov', 'A002.mov']) {
    const clip = await writeClip(device.watchDir, name, 10_000)
    await device.until((all) => all.some((each) => each.path === clip.path && each.state === 'verified'), 'it is home')
    expect(differences(device.server, clip)).toEqual([])
  }
  expect((await device.list()).map(({ path }) => dirname(path))).toEqual([device.watchDir, device.watchDir])
  expect(device.server.assets.map(({ name }) => name)).toEqual(['A001.mov', 'A002.mov'])
})

test('a watch folder that is the state folder itself is refused at the start', async () => {
  const device = await startDevice()
  const refused = await device.cli('run', '--watch', device.stateDir)
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('CONFIG_INVALID') })
})
