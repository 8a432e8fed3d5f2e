import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rootDir } from '@rushes/infra/start/repository'
import { expect, onTestFinished } from 'vitest'
import { createDevice, type Device } from './harness/device.ts'
import { writeClip } from './harness/media.ts'
import { pairAndRun } from './harness/pair.ts'
import { untilStored } from './harness/store.ts'
import { test } from './harness/test.ts'
import { until } from './harness/until.ts'

const day = 86_400_000
const preload = pathToFileURL(join(rootDir, 'apps/agent/test/process/spoiled-system.mjs')).href

test.for([
  ['a year ahead', 'A', 365 * day],
  ['a day behind', 'B', -day],
  ['fifty years behind', 'C', -50 * 365 * day],
] as const)(
  'a device whose clock is %s is paired, steered and uploads; what it captured in a pause never arrives, though its create comes later',
  async ([words, reel, aheadMs], { world }) => {
    const name = `Clock ${words}`
    const steps = join(world.dir, `${name}.json`)
    await writeFile(steps, JSON.stringify([[0, aheadMs]]))
    const project = await world.createProject(name)
    const env = { CLOCK_STEPS: steps, NODE_OPTIONS: `--import ${preload}` }
    const device = await createDevice(world.dir, name, world.instance.publicUrl, env)
    onTestFinished(() => device.stop())
    await writeFile(join(device.watchDir, '.hidden'), 'x')
    const deviceId = await pairAndRun(world, device, project.id)
    // What lies there when watching begins may be by any clock; what appears from now on is seen to.
    await until('the folder was gone through', async () => (await statusOf(device)).leftOut?.hidden === 1)

    await writeClip(join(device.watchDir, `${reel}001.wav`), 1_000_000, 1)
    await device.untilState(`${reel}001.wav`, 'verified')
    const [stored] = await untilStored(world, `${reel}001.wav`)
    expect(stored).toContain(name)
    const [asset] = await world.query("select captured_at from assets where name like '%001.wav' and device_id = $1", [
      deviceId,
    ])
    // By the server's clock, whatever the device's shows.
    expect(Math.abs(new Date(String(asset?.captured_at)).getTime() - Date.now())).toBeLessThan(600_000)

    await world.admin('device', 'pause-sharing', deviceId)
    const late = world.uplink.inject(
      { kind: 'reply', status: 503 },
      { when: { method: 'POST', path: /^\/v2\/devices\/assets$/ } },
    )
    await writeClip(join(device.watchDir, `${reel}002.wav`), 1_000_000, 2)
    await late.firstHit
    await world.admin('device', 'resume-sharing', deviceId)
    const resumedMs = performance.now()
    late.remove()
    const blocked = await device.untilState(`${reel}002.wav`, 'blocked')
    expect(blocked.reason).toBe('capturedInPause')

    // A create tells the second of its capture, and what may have been in the pause counts as in it.
    await until('the pause is seconds ago', async () => performance.now() - resumedMs > 3_000)
    await writeClip(join(device.watchDir, `${reel}003.wav`), 1_000_000, 3)
    await device.untilState(`${reel}003.wav`, 'verified')
    const names = await world.query('select name from assets where device_id = $1 order by name', [deviceId])
    expect(names).toEqual([{ name: `${reel}001.wav` }, { name: `${reel}003.wav` }])

    // By the control link, long before the device would ask by itself.
    const other = await world.createProject(`${name}, after`)
    await world.admin('device', 'assign', deviceId, '--project', other.id)
    await until('the device carries out an order', async () => (await statusOf(device)).project?.id === other.id)
  },
)

async function statusOf(device: Device): Promise<{ leftOut?: { hidden?: number }; project?: { id: string } }> {
  const { stdout } = await device.cli('status', '--json')
  return JSON.parse(stdout)
}
