import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { Device } from './device.ts'
import { writeClip } from './media.ts'
import { pairAndRun } from './test.ts'
import type { World } from './world.ts'

/** Ids of what the screens show. */
export type Stage = {
  project: string
  /** A clip that was verified. */
  clip: string
  /** Devices: one with a failed clip and sharing paused, one on hold, one that was moved, one in the middle of an upload. */
  failed: string
  onHold: string
  moved: string
  uploading: string
}

const partUpload = { when: { method: 'PUT', path: '/parts/' } }

/** Makes a fleet in which every state stands that an operator may meet. */
export async function setStage(world: World, page: Page, newDevice: (name: string) => Promise<Device>): Promise<Stage> {
  const project = await world.createProject('Harbour Nights')
  const secondUnit = await world.createProject('Second unit')

  const first = await newDevice('A-Cam')
  const failed = await pairAndRun(world, first, project.id)
  await record(first, 'A001C001.wav', 1)
  await first.untilState('A001C001.wav', 'verified')
  const body =
    '{"code":422,"errors":[{"code":422,"detail":"This name cannot be stored","status":422,"title":"Unprocessable"}],"message":"Unprocessable"}'
  world.uplink.inject(
    { kind: 'reply', status: 422, headers: { 'content-type': 'application/json' }, body },
    { when: { method: 'POST', path: '/v2/devices/assets' }, nth: 1, times: 1 },
  )
  await record(first, 'A001C002.wav', 2)
  await first.untilState('A001C002.wav', 'failed')
  await world.admin('device', 'pause-sharing', failed, '--reason', 'closed set')

  await pairAndRun(world, await newDevice('B-Cam'), project.id)

  const held = await newDevice('C-Cam')
  const onHold = await pairAndRun(world, held, project.id)
  await page.goto(`${world.instance.publicUrl}/devices/${onHold}`)
  await page.getByRole('button', { name: 'Hold uploads' }).click()
  await page
    .getByText(/on hold/i)
    .first()
    .waitFor()
  for (const take of [1, 2, 3]) await record(held, `C001C00${take}.wav`, 10 + take)
  await held.untilState('C001C003.wav', 'held', 'waiting', 'queued')

  const mover = await newDevice('D-Cam')
  const moved = await pairAndRun(world, mover, project.id)
  const stalled = world.uplink.inject({ kind: 'stall', afterBytes: 100_000 }, partUpload)
  for (const take of [1, 2, 3]) await record(mover, `D001C00${take}.wav`, 20 + take)
  await mover.untilState('D001C003.wav', 'uploading', 'queued')
  await world.admin('device', 'assign', moved, '--project', secondUnit.id)
  await mover.untilState('D001C003.wav', 'cleared')
  stalled.remove()

  // Slow enough to be under way while every screen is looked at.
  world.uplink.inject({ kind: 'bandwidth', bytesPerSecond: 40_000 }, partUpload)
  const sender = await newDevice('E-Cam')
  const uploading = await pairAndRun(world, sender, project.id)
  for (const take of [1, 2, 3]) await writeClip(join(sender.watchDir, `E001C00${take}.wav`), 60_000_000, 30 + take)
  await sender.untilState('E001C001.wav', 'uploading')

  const [asset] = await world.query("select id from assets where state = 'available'")
  return { project: project.id, clip: String(asset?.id), failed, onHold, moved, uploading }
}

const record = (device: Device, name: string, seed: number) => writeClip(join(device.watchDir, name), 6_000_000, seed)
