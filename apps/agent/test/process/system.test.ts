import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, expect, test, vi } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import { type Device, endAll, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'
import { changeStored } from './stored-queue.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const day = 86_400_000
const preload = `--import ${pathToFileURL(join(import.meta.dirname, 'spoiled-system.mjs')).href}`
const spoiled = (env: Record<string, string>) => ({ ...env, NODE_OPTIONS: preload })

/** As if the device had been paired when its clock was off as it is now. */
function pairedBy(device: Device, aheadMs: number): void {
  changeStored(
    device.stateDir,
    `UPDATE upload_link SET paired_at = paired_at + ${aheadMs}, project_since = project_since + ${aheadMs}`,
  )
}

test.for([day, -day, 20 * 365 * day, -50 * 365 * day])(
  'a clock that is off by %i ms neither leaks a clip that was captured in a pause nor blocks one that was not',
  async (aheadMs) => {
    const device = await startDevice()
    pairedBy(device, aheadMs)
    await device.start([], spoiled({ CLOCK_AHEAD_MS: String(aheadMs) }))
    const free = await writeClip(device.watchDir, 'A001.mov', 100_000)
    await device.until(([upload]) => upload?.state === 'verified', 'verified')
    // Its create comes only when the pause is over; by then it lies in the past.
    const late = device.server.inject(faults.serverError, { operation: 'create', times: 1_000 })
    device.server.pause()
    await writeClip(device.watchDir, 'A002.mov', 100_001)
    await late.firstHit
    device.server.resume()
    late.remove()
    const uploads = await device.until((all) => all.length === 2 && all[1]?.state === 'blocked', 'blocked')
    expect(uploads[1]?.reason).toBe('capturedInPause')
    expect(differences(device.server, free)).toEqual([])
    expect(device.server.assets).toHaveLength(1)
  },
)

test.for([2 * day, 365 * day])(
  'a clip that backed off while the clock was %i ms ahead does not wait for that long when the clock is put right',
  async (aheadMs) => {
    const device = await startDevice()
    device.server.inject(faults.clockSkewed, { operation: 'part' })
    const first = await device.start()
    const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
    await device.until(([upload]) => upload?.reason === 'clockSkewed', 'waits for the clock')
    expect(await first.terminate()).toBe(0)
    for (const table of ['uploads', 'parts'])
      changeStored(device.stateDir, `UPDATE ${table} SET not_before = not_before + ${aheadMs}`)
    await device.start()
    await device.until(([upload]) => upload?.state === 'verified', 'verified')
    expect(differences(device.server, clip)).toEqual([])
  },
)

test('DNS gone: uploads wait with that reason, cost no attempt, and go on by themselves when names resolve again', async () => {
  const device = await startDevice()
  const gone = join(device.stateDir, '..', 'names-gone')
  await writeFile(gone, '')
  changeStored(device.stateDir, "UPDATE upload_link SET server_url = replace(server_url, '127.0.0.1', 'ingest.test')")
  await device.start(['--insecure'], spoiled({ NAME: 'ingest.test', NAMES_GONE: gone }))
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.until(([upload]) => upload?.state === 'waiting' && upload.reason === 'offline', 'waits for the network')
  const { uploadLink } = await device.status()
  expect(uploadLink).toMatchObject({ state: 'down', lastError: expect.stringContaining('name') })
  await rm(gone)
  const [upload] = await device.until(([first]) => first?.state === 'verified', 'verified')
  expect(upload?.attempts).toBe(1)
  expect(differences(device.server, clip)).toEqual([])
})
