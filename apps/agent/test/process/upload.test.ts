import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { endAll, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

test('a file that comes to rest in a watch folder is uploaded to its channel, digested and verified', async () => {
  const watch = [{ path: '../card', channel: 3 }]
  const device = await startDevice({ chunkSizeBytes: 5_242_880, settings: { watch } })
  await device.start()
  await writeFile(join(device.watchDir, 'A001.mov'), randomBytes(12_000_000))

  const [upload] = await device.until((uploads) => uploads.some(({ state }) => state === 'verified'), 'verified')

  expect(upload).toMatchObject({
    partsTotal: 3,
    partsDone: 3,
    bytesAcknowledged: 12_000_000,
    reason: null,
    error: null,
  })
  expect(device.server.completedAssets()).toMatchObject([{ channel: 3 }])
  expect(device.server.violations).toEqual([])
})

test('many small files go up beside a large one with as many at once as measuring finds, and never more than 32 of either', async () => {
  const device = await startDevice({ chunkSizeBytes: 1_048_576, settings: { workers: undefined } })
  const clips = [await writeClip(device.watchDir, 'large.mov', 9_000_000)]
  for (let count = 0; count < 120; count++)
    clips.push(await writeClip(device.watchDir, `still-${count}.dng`, 10_000 + count))
  await device.start()
  await device.until((uploads) => uploads.filter(({ state }) => state === 'verified').length === 121, 'verified')
  for (const clip of clips) expect(differences(device.server, clip)).toEqual([])
  expect(device.server.connectionCount).toBeLessThanOrEqual(68)
  expect(device.server.violations).toEqual([])
})
