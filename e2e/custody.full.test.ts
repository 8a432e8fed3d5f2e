import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { writeClip } from './harness/media.ts'
import { pairAndRun } from './harness/pair.ts'
import { untilStored } from './harness/store.ts'
import { test } from './harness/test.ts'

test('a stored clip that changed, or is gone, is found when an operator has it checked, and is sound again once it is put back', async ({
  world,
  page,
  newDevice,
}) => {
  const { publicUrl } = world.instance
  const project = await world.createProject('Harbour Nights')
  const device = await newDevice('A-Cam')
  const deviceId = await pairAndRun(world, device, project.id)
  await writeClip(join(device.watchDir, 'A001C001.wav'), 12_000_000, 5)
  await device.untilState('A001C001.wav', 'verified')
  const [stored = ''] = await untilStored(world, 'A001C001.wav')
  const [asset] = await world.query('select id from assets')
  const clipPage = `${publicUrl}/clips/${String(asset?.id)}`

  const whole = await readFile(stored)
  await writeFile(stored, Buffer.from(whole).fill(7, whole.length - 4))
  await page.goto(clipPage)
  const check = page.getByRole('button', { name: 'Check again' })
  await check.click()
  await page.getByText('were sound, and have changed since').waitFor()
  await page.getByText('First that differs').waitFor()

  await page.goto(`${publicUrl}/uploads?show=attention`)
  await page.getByText('A001C001.wav').filter({ visible: true }).first().waitFor()
  await page.getByText('Bytes changed').filter({ visible: true }).first().waitFor()

  // Its device heard long ago that it was verified: no page believes that any more.
  await page.goto(`${publicUrl}/devices/${deviceId}`)
  await page.getByText('1 stored clip not sound').waitFor()
  await page.getByRole('table', { name: 'Clips of this device' }).getByText('Bytes changed').waitFor()
  expect(await page.getByText('Verified', { exact: true }).count()).toBe(0)
  await page.goto(`${publicUrl}/fleet`)
  await page.getByText('1 clip of 1 not home yet').waitFor()
  await page.getByText('0 of 1 home').filter({ visible: true }).first().waitFor()
  await page.getByRole('link', { name: /^Needs attention\s*1 in need of a person$/ }).waitFor()

  await writeFile(stored, whole)
  await rename(stored, `${stored}.away`)
  await page.goto(clipPage)
  await check.click()
  await page.getByText('The stored file is gone').waitFor()
  await rename(`${stored}.away`, stored)
  await check.click()
  await page.getByText('every part equals the digest').waitFor()
  await page.goto(`${publicUrl}/devices/${deviceId}`)
  await page.getByText('1 clip verified').waitFor()

  await page.goto(`${publicUrl}/activity`)
  await page.getByText('found sound again').first().waitFor()

  for (const path of [`/projects/${project.id}`, `/devices/${deviceId}`]) {
    await page.goto(publicUrl + path)
    await page.getByRole('button', { name: 'Manifest…' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download manifest of 1 clip' }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/^Harbour Nights-.*-ascmhl\.zip$/)
    expect((await readFile(await download.path())).subarray(0, 2).toString()).toBe('PK')
  }
  expect(await world.query("select actor_kind from audit_events where action = 'project.exportManifest'")).toEqual([
    { actor_kind: 'person' },
    { actor_kind: 'person' },
  ])
})
