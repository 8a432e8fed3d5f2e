import { join } from 'node:path'
import { writeClip } from './harness/media.ts'
import { pairAndRun } from './harness/pair.ts'
import { test } from './harness/test.ts'
import { until } from './harness/until.ts'

test('a clip that the destination refused says why, and goes up when an operator retries it', async ({
  world,
  page,
  newDevice,
}) => {
  const project = await world.createProject('Retry')
  const device = await newDevice('Retry-Cam')
  const deviceId = await pairAndRun(world, device, project.id)
  const refusal = world.uplink.inject(
    {
      kind: 'reply',
      status: 422,
      headers: { 'content-type': 'application/json' },
      body: '{"code":422,"errors":[{"code":422,"detail":"This clip is not wanted","status":422,"title":"Unprocessable"}],"message":"Unprocessable"}',
    },
    { when: { method: 'POST', path: '/v2/devices/assets' } },
  )
  await writeClip(join(device.watchDir, 'R001C001.wav'), 6_000_000, 4)
  await device.untilState('R001C001.wav', 'failed')

  await page.goto(`${world.instance.publicUrl}/devices/${deviceId}`)
  await page
    .getByText(/rejected by the destination/i)
    .first()
    .waitFor()
  await page.getByRole('region', { name: 'How it stands' }).getByText('1 clip failed').waitFor()
  refusal.remove()
  await page
    .getByRole('button', { name: /^Retry R001C001/ })
    .first()
    .click()
  await device.untilState('R001C001.wav', 'verified')
  await page.getByRole('region', { name: 'How it stands' }).getByText('1 clip verified').waitFor()
})

test('uploads put on hold wait, say so, and go up after release', async ({ world, page, newDevice }) => {
  const project = await world.createProject('Hold')
  const device = await newDevice('Hold-Cam')
  const deviceId = await pairAndRun(world, device, project.id)
  await page.goto(`${world.instance.publicUrl}/devices/${deviceId}`)
  await page.getByRole('button', { name: 'Hold uploads' }).click()
  const confirm = page.getByRole('dialog').getByRole('button', { name: 'Hold uploads' })
  const onHold = page.getByText(/on hold/i).first()
  // Asked only where something is under way.
  await confirm.or(onHold).first().waitFor()
  if (await confirm.isVisible()) await confirm.click()
  await onHold.waitFor()
  await writeClip(join(device.watchDir, 'H001C001.wav'), 6_000_000, 5)
  await device.untilState('H001C001.wav', 'held', 'waiting')
  await page
    .getByRole('button', { name: /^Release/ })
    .first()
    .click()
  await device.untilState('H001C001.wav', 'verified')
})

test('what is captured while sharing is paused is blocked, says so, and is offered again for a reason', async ({
  world,
  page,
  newDevice,
}) => {
  const project = await world.createProject('Pause')
  const device = await newDevice('Pause-Cam')
  const deviceId = await pairAndRun(world, device, project.id)
  await page.goto(`${world.instance.publicUrl}/devices/${deviceId}`)
  await page
    .getByRole('button', { name: /^Pause sharing/ })
    .first()
    .click()
  const dialog = page.getByRole('dialog', { name: 'Pause sharing' })
  await dialog.getByLabel('Reason').fill('closed set')
  await dialog.getByRole('button', { name: 'Pause sharing' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await writeClip(join(device.watchDir, 'P001C001.wav'), 6_000_000, 6)
  await device.untilState('P001C001.wav', 'blocked', 'held')
  await page
    .getByRole('button', { name: /^Resume sharing/ })
    .first()
    .click()
  await device.untilState('P001C001.wav', 'blocked')
  await page
    .getByText(/captured while sharing was paused/i)
    .first()
    .waitFor()
  await page.getByRole('link', { name: /^Needs attention\s*\d+ in need of a person$/ }).waitFor()

  await page.getByRole('button', { name: 'Offer again P001C001.wav' }).click()
  const offer = page.getByRole('dialog', { name: 'Offer the clip again' })
  await offer.getByLabel('Reason').fill('the wrong slate')
  await offer.getByRole('button', { name: 'Offer the clip again' }).click()
  await offer.waitFor({ state: 'hidden' })
  await until('the device knows why', async () => (await device.cli('list')).stdout.includes('the wrong slate'))
})
