import { afterEach, expect, test, vi } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import { endAll } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'
import { requestsFor, startDeviceBehindProxy } from './spoiled-link.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

test('a clip arrives once and whole over a link that resets a part, cuts a reply short, and asks for patience', async () => {
  const device = await startDeviceBehindProxy({ chunkSizeBytes: 1_048_576 })
  const spoiled = [
    device.proxy.inject({ kind: 'truncateReply' }, { when: requestsFor.create, nth: 1 }),
    device.proxy.inject({ kind: 'cut', afterBytes: 300_000, how: 'reset' }, { when: requestsFor.secondPart, nth: 1 }),
    device.proxy.inject(faults.slowDown, { when: requestsFor.secondPart, nth: 2 }),
  ]
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(spoiled.map(({ hitCount }) => hitCount)).toEqual([1, 1, 1])
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(1)
  expect(device.server.partsSentAgain()).toEqual([])
  expect(device.server.violations).toEqual([])
})
