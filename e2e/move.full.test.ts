import { join } from 'node:path'
import { expect } from 'vitest'
import { writeClip } from './harness/media.ts'
import { pairAndRun } from './harness/pair.ts'
import { untilStored, visibleFiles } from './harness/store.ts'
import { test } from './harness/test.ts'

test('a device moved with ten clips queued and one in flight clears them, shows its receipt, and brings not a byte of the old project into the new one', async ({
  world,
  page,
  newDevice,
}) => {
  const before = await world.createProject('Before')
  const after = await world.createProject('After')
  const device = await newDevice('Moving-Cam')
  const deviceId = await pairAndRun(world, device, before.id)
  await writeClip(join(device.watchDir, 'B000C000.wav'), 6_000_000, 99)
  await device.untilState('B000C000.wav', 'verified')

  // The first clip has as many parts as there are workers: it is in flight and stays so, the others wait behind it.
  const stalled = world.uplink.inject(
    { kind: 'stall', afterBytes: 1_000_000 },
    { when: { method: 'PUT', path: '/parts/' } },
  )
  await writeClip(join(device.watchDir, 'B001C000.wav'), 200_000_000, 0)
  await device.untilState('B001C000.wav', 'uploading')
  for (let take = 1; take <= 10; take++)
    await writeClip(join(device.watchDir, `B001C0${String(take).padStart(2, '0')}.wav`), 6_000_000, take)
  await device.untilState('B001C010.wav', 'queued', 'registering', 'uploading')

  await page.goto(`${world.instance.publicUrl}/devices/${deviceId}`)
  await page.getByRole('heading', { level: 1, name: 'Moving-Cam' }).waitFor()
  await page.getByRole('button', { name: /^Move/ }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Move to another project' })
  await dialog.getByText(/11 clips to be cleared/).waitFor()
  await dialog.getByLabel('Project').selectOption({ label: 'After' })
  await dialog.getByLabel('Reason').fill('second unit takes it over')
  await dialog.getByRole('button', { name: 'Move' }).click()
  await dialog.waitFor({ state: 'hidden' })

  await device.untilState('B001C000.wav', 'cleared')
  stalled.remove()
  const cleared = (await device.list()).filter((clip) => clip.state === 'cleared')
  expect(cleared.map((clip) => [clip.reason, clip.projectId])).toEqual(Array(11).fill(['projectChanged', before.id]))

  await page
    .getByText(/cleared 11 clips/i)
    .first()
    .waitFor()
  const [receipt] = await world.query('select * from purge_receipts where device_id = $1 and project_epoch = 2', [
    deviceId,
  ])
  expect(receipt).toMatchObject({ from_project_id: before.id, to_project_id: after.id, cleared_count: 11 })

  await writeClip(join(device.watchDir, 'B002C001.wav'), 6_000_000, 50)
  await device.untilState('B002C001.wav', 'verified')
  const [stored] = await untilStored(world, 'B002C001.wav')
  expect(stored).toContain('After')
  expect((await visibleFiles(world)).filter((path) => path.includes('After'))).toEqual([stored])
  expect(await world.query('select name, state from assets where project_id = $1', [after.id])).toEqual([
    { name: 'B002C001.wav', state: 'available' },
  ])
  const leftovers = await world.query(
    "select state, ended_because from assets where project_id = $1 and state <> 'available'",
    [before.id],
  )
  expect(leftovers.every((asset) => asset.state === 'closed' && asset.ended_because === 'projectChanged')).toBe(true)
})
