import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { Device } from './device.ts'
import { writeClip, writeMovie } from './media.ts'
import { pairAndRun } from './pair.ts'
import { until } from './until.ts'
import type { World } from './world.ts'

/** Ids of what the screens show. */
export type Stage = {
  project: string
  /** Clips: one that was verified, a film that was looked into, one in the trash. */
  clip: string
  film: string
  trashed: string
  /** A project of nothing. */
  emptyProject: string
  /** Devices: one with a failed clip and sharing paused, one on hold, one that was moved, one in the middle of an upload. */
  failed: string
  onHold: string
  moved: string
  uploading: string
  /** One of whose stored clips the bytes have changed, and that clip. */
  unsound: string
  changed: string
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

  const filmer = await newDevice('F-Cam')
  const unsound = await pairAndRun(world, filmer, project.id)
  await writeMovie(join(filmer.watchDir, 'F001C001.mov'), '1280x720', 6)
  await writeMovie(join(filmer.watchDir, 'F001C002_a_portrait_with_a_rather_long_name_for_a_clip.mov'), '360x640', 3)
  for (const take of [3, 4, 5]) await record(filmer, `F001C00${take}.wav`, 40 + take)
  for (const name of ['F001C001.mov', 'clip.mov', 'F001C003.wav', 'F001C004.wav', 'F001C005.wav'])
    await filmer.untilState(name, 'verified')
  const assetOf = async (name: string) =>
    until(`${name} was looked into`, async () => {
      const [asset] = await world.query(
        "select a.id from assets a join clip_media m on m.asset_id = a.id where a.name = $1 and m.state <> 'waiting'",
        [name],
      )
      return asset && String(asset.id)
    })
  const film = await assetOf('F001C001.mov')
  const trashed = await assetOf('F001C002_a_portrait_with_a_rather_long_name_for_a_clip.mov')
  await world.admin('clip', 'trash', trashed, '--reason', 'the wrong way up')
  await world.admin('clip', 'trash', await assetOf('F001C003.wav'), await assetOf('F001C004.wav'))

  await tellConditions(world)
  const changed = await assetOf('F001C005.wav')
  await world.query(
    "update assets set custody = 'mismatch', mismatch_because = 'changed', first_mismatch_number = 1, version_of_id = $2 where id = $1",
    [changed, film],
  )
  await world.admin(
    'device',
    'pause-sharing',
    onHold,
    '--channel',
    '2',
    '--reason',
    'the second head shoots the rehearsal',
  )
  await world.admin('device', 'expire', onHold, '2099-12-24T18:00:00Z')

  // Slow enough to be under way while every screen is looked at.
  world.uplink.inject({ kind: 'bandwidth', bytesPerSecond: 40_000 }, partUpload)
  const sender = await newDevice('E-Cam')
  const uploading = await pairAndRun(world, sender, project.id)
  for (const take of [1, 2, 3]) await writeClip(join(sender.watchDir, `E001C00${take}.wav`), 60_000_000, 30 + take)
  await sender.untilState('E001C001.wav', 'uploading')

  const [asset] = await world.query("select id from assets where name = 'A001C001.wav' and state = 'available'")
  const emptyProject = secondUnit.id
  const clips = { clip: String(asset?.id), film, trashed, changed }
  return { ...clips, project: project.id, emptyProject, failed, onHold, moved, uploading, unsound }
}

/** What ingest says of its store when it is low, full or away; believed for as long as the screens are looked at. */
async function tellConditions(world: World): Promise<void> {
  const told = {
    storeLow: 'Room for 41.2 GB is left where clips are stored, of a quota of 6.0 TB',
    storeFull:
      'No room is left where clips are stored, of a quota of 6.0 TB; clips are refused and wait on their devices',
    storeUnusable:
      'The place where clips are stored cannot be used: it is not mounted, not writable or does not answer',
  }
  for (const [code, detail] of Object.entries(told))
    await world.query(
      "insert into conditions values ($1, 'ingest-2.example.com:3002', $2, now() - interval '3 hours', now() + interval '1 hour')",
      [code, detail],
    )
}

const record = (device: Device, name: string, seed: number) => writeClip(join(device.watchDir, name), 6_000_000, seed)
