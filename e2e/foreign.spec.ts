import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { startForeignIngest } from './harness/foreign-ingest.ts'
import { sha256Of, writeClip } from './harness/media.ts'
import { test } from './harness/test.ts'
import { until } from './harness/until.ts'

test('a device that uploads to a foreign C2C server is watched and steered here, and speaks only the documented protocol there', async ({
  world,
  newDevice,
  onTestFinished,
}) => {
  const foreign = await startForeignIngest(world)
  onTestFinished(() => foreign.stop())
  await foreign.admin('project', 'create', 'Elsewhere')
  const device = await newDevice('Guest-Cam')

  const pairing = device.startPairing(
    '--upload-to',
    foreign.uplink.url,
    '--client-id',
    'GUEST-0001',
    '--client-secret',
    foreign.clientSecret,
  )
  const here = await world.admin('pairing', 'approve', await pairing.nextCode())
  await foreign.admin('pairing', 'approve', await pairing.nextCode(), '--project', 'Elsewhere')
  await pairing.paired
  await device.run()
  const deviceId = String(Object(here).deviceId)

  const clip = join(device.watchDir, 'G001C001.wav')
  await writeClip(clip, 40_000_000, 7)
  await device.untilState('G001C001.wav', 'uploaded')

  const stored = await until('the clip is in the foreign store', async () =>
    (await readdir(foreign.objectsDir, { recursive: true })).find((path) => path.endsWith('G001C001.wav')),
  )
  expect(await sha256Of(join(foreign.objectsDir, stored))).toBe(await sha256Of(clip))
  expect(world.uplink.requests.filter((request) => request.path.startsWith('/v2/devices/assets'))).toEqual([])
  const additions = foreign.uplink.requests.filter(
    (request) =>
      request.headers['idempotency-key'] !== undefined || /custody|purge-receipts|well-known/.test(request.path),
  )
  expect(additions).toEqual([])

  const rows = await until('the control plane knows the foreign project and the clip', async () => {
    const found = await world.query(
      "select d.foreign_project_name as project, u.state from devices d join device_uploads u on u.device_id = d.id where d.id = $1 and u.path like '%G001C001.wav'",
      [deviceId],
    )
    return found[0]?.project === 'Elsewhere' && found[0].state === 'uploaded' && found
  })
  expect(rows).toHaveLength(1)

  await world.createProject('Here')
  await expect(world.admin('device', 'assign', deviceId, '--project', 'Here')).rejects.toThrow(/uploads to/)
  await expect(world.admin('device', 'pause-sharing', deviceId)).rejects.toThrow(/uploads to/)
})
