import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { endAll, startDevice } from './agent-process.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

test('a file that comes to rest in a watch folder is uploaded, digested and verified', async () => {
  const device = await startDevice({ chunkSizeBytes: 5_242_880 })
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
  expect(device.server.completedAssets()).toHaveLength(1)
  expect(device.server.violations).toEqual([])
})
