import { afterEach, expect, test, vi } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import { endAll } from './agent-process.ts'
import { writeClip } from './clips.ts'
import { requestsFor, startDeviceBehindProxy } from './spoiled-link.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

test('creates that are limited for half a minute keep no part of another clip back, and every clip that waits says so', async () => {
  const device = await startDeviceBehindProxy({ chunkSizeBytes: 1_048_576, settings: { workers: 1, stallMs: 60_000 } })
  const held = device.proxy.inject({ kind: 'stall', afterBytes: 300_000 }, { when: requestsFor.secondPart, nth: 1 })
  await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.start()
  await held.firstHit
  const limited = device.proxy.inject(faults.rateLimitedFor(30), { when: requestsFor.create })
  await writeClip(device.watchDir, 'A002.mov', 20_000)
  await device.until(([, second]) => second?.reason === 'rateLimited', 'the second clip waits')
  await writeClip(device.watchDir, 'A003.mov', 20_000)
  // Nobody makes a call for it: it waits for the same cause nevertheless.
  await device.until((uploads) => uploads[2]?.reason === 'rateLimited', 'the third clip says why it waits', 10_000)
  expect(await device.status()).toMatchObject({ blockedBy: null, uploadLink: { state: 'up' } })
  held.remove()
  const isUp = (state: string | undefined) => state === 'uploaded' || state === 'verified'
  const uploads = await device.until(([first]) => isUp(first?.state), 'the first clip is up', 20_000)
  const waits = { state: 'waiting', reason: 'rateLimited' }
  expect(uploads.slice(1)).toMatchObject([waits, waits])
  expect(await device.status()).toMatchObject({ blockedBy: 'rateLimited', uploadLink: { state: 'up' } })
  expect(limited.hitCount).toBe(1)
})
