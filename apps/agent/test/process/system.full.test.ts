import { rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, expect, test, vi } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import { type Device, endAll, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'
import { changeStored, movedPairing } from './stored-queue.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const day = 86_400_000
const preload = `--import ${pathToFileURL(join(import.meta.dirname, 'spoiled-system.mjs')).href}`
const spoiled = (env: Record<string, string>) => ({ ...env, NODE_OPTIONS: preload })

/** As if the device had been paired when its clock was off as it is now, and some time before. */
const pairedBy = (device: Device, aheadMs: number, agoMs = 0): void =>
  changeStored(device.stateDir, movedPairing(aheadMs - agoMs, -agoMs))

/** Sets the clock of a device, which was right or as it was set before; returns what an agent on it is started with. */
async function setClock(device: Device, steps: readonly [sinceMs: number, aheadMs: number][]) {
  const path = join(device.stateDir, '..', 'clock-steps')
  await writeFile(`${path}.new`, JSON.stringify(steps))
  await rename(`${path}.new`, path)
  return spoiled({ CLOCK_STEPS: path })
}

/** Starts an agent and waits until it has gone through its folder: what appears there from now on is seen to. */
async function startWatching(device: Device, env: Record<string, string>): Promise<void> {
  await writeFile(join(device.watchDir, '.hidden'), 'x')
  await device.start([], env)
  await expect.poll(async () => (await device.status()).leftOut?.hidden, { timeout: 30_000 }).toBe(1)
}

test.for([day, 365 * day, -day, -50 * 365 * day])(
  'a clock that is off by %i ms neither leaks a clip that was captured in a pause nor blocks one that was not',
  async (aheadMs) => {
    const device = await startDevice()
    pairedBy(device, aheadMs)
    await startWatching(device, await setClock(device, [[0, aheadMs]]))
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

test.for([
  ['forward by 50 years, as by a time server after a dead battery', -50 * 365 * day, 0],
  ['forward by a day', 0, day],
  ['back by a day', day, 0],
  ['back by 20 years', 20 * 365 * day, 0],
] as const)(
  'a clock that is set %s while clips wait neither leaks one that was captured in a pause nor blocks one that was not',
  async ([, beforeMs, afterMs]) => {
    // Few tries in the seconds that this takes.
    const device = await startDevice({
      settings: { retry: { baseDelayMs: 500, maxDelayMs: 1_000, jobPauseMs: 1_000 } },
    })
    pairedBy(device, beforeMs, 3_600_000)
    const down = device.server.inject(faults.serverError, { operation: 'create', times: 1_000 })
    await startWatching(device, await setClock(device, [[0, beforeMs]]))
    const free = await writeClip(device.watchDir, 'A001.mov', 100_000)
    await down.firstHit
    // Well after the one, since a destination grants a second on either side, and well before the other.
    const pausedAt = Date.now() + 3_000
    device.server.pause(pausedAt)
    await expect.poll(() => Date.now(), { timeout: 10_000 }).toBeGreaterThan(pausedAt)
    await writeClip(device.watchDir, 'A002.mov', 100_001)
    await device.until((all) => all.length === 2 && all[1]?.state !== 'growing', 'both wait for their creates')
    await setClock(device, [
      [0, beforeMs],
      [Date.now(), afterMs],
    ])
    down.remove()
    const uploads = await device.until(
      ([first, second]) => first?.state === 'verified' && second?.state === 'blocked',
      'the one verified, the other blocked',
    )
    expect(uploads[1]?.reason).toBe('capturedInPause')
    expect(differences(device.server, free)).toEqual([])
    expect(device.server.assets).toHaveLength(1)
  },
)

test('a device that was paired before its clock was right sends what it records, then and later, and holds what a card brings from before', async () => {
  const device = await startDevice()
  const longAgoMs = -50 * 365 * day
  pairedBy(device, longAgoMs)
  await startWatching(device, await setClock(device, [[0, longAgoMs]]))
  const own = [await writeClip(device.watchDir, 'A001.mov', 100_000)]
  await device.until(([upload]) => upload?.state === 'verified', 'the first verified')
  await setClock(device, [
    [0, longAgoMs],
    [Date.now(), 0],
  ])
  const brought = await writeClip(join(device.watchDir, '..'), 'B001.mov', 100_001)
  const aMonthAgo = new Date(Date.now() - 30 * day)
  await utimes(brought.path, aMonthAgo, aMonthAgo)
  await rename(brought.path, join(device.watchDir, 'B001.mov'))
  await device.until((all) => all.length === 2 && all[1]?.state === 'held', 'the one from before is held')
  own.push(await writeClip(device.watchDir, 'A002.mov', 100_002))
  const uploads = await device.until((all) => all.length === 3 && all[2]?.state === 'verified', 'the third verified')
  expect(uploads[1]?.reason).toBe('capturedBeforePairing')
  for (const clip of own) expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(2)
})

test('a clip that was captured in a pause does not leak when the device boots with a clock of long ago before its create', async () => {
  const device = await startDevice()
  const first = await device.start([], await setClock(device, [[0, 0]]))
  await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  const down = device.server.inject(faults.serverError, { operation: 'create', times: 1_000 })
  device.server.pause()
  await writeClip(device.watchDir, 'A002.mov', 100_001)
  await down.firstHit
  expect(await first.terminate()).toBe(0)
  device.server.resume()
  down.remove()
  // What was this boot is another one from here on.
  changeStored(
    device.stateDir,
    `UPDATE uploads SET captured_boot_id = 'before'; UPDATE boots SET boot_id = 'before';
      UPDATE upload_link SET paired_boot_id = 'before', project_since_boot_id = 'before'`,
  )
  await device.start(
    [],
    await setClock(device, [
      [0, 0],
      [Date.now(), -50 * 365 * day],
    ]),
  )
  const uploads = await device.until(([, second]) => second?.state === 'blocked', 'blocked')
  expect(uploads[1]?.reason).toBe('capturedInPause')
  expect(device.server.assets).toHaveLength(1)
})

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

test.for([day, -day])('a clock that is set by %d ms in the middle of a clip costs none of its parts', async (byMs) => {
  const device = await startDevice({ mode: 'foreign', chunkSizeBytes: 1_048_576, settings: { workers: 1 } })
  const held = device.server.inject(faults.stallMidBody(1_000), { operation: 'part', path: /\/2$/ })
  await device.start([], await setClock(device, [[0, 0]]))
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await held.firstHit
  await setClock(device, [
    [0, 0],
    [Date.now(), byMs],
  ])
  held.remove()
  await device.until(([upload]) => upload?.state === 'uploaded', 'uploaded')
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(1)
  expect(device.server.partsSentAgain()).toEqual([])
})
