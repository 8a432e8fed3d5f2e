import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { writeClip } from './harness/media.ts'
import { signInNewPerson } from './harness/operator.ts'
import { pairAndRun } from './harness/pair.ts'
import { test } from './harness/test.ts'

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

test('an admin renames a clip and takes it back, files by another day, ends an authorization and forgets a device', async ({
  world,
  page,
  newDevice,
}) => {
  const { publicUrl } = world.instance
  const project = await world.createProject('Harbour Nights')
  const device = await newDevice('A-Cam')
  const deviceId = await pairAndRun(world, device, project.id)
  await writeClip(join(device.watchDir, 'A001C001.wav'), 1_000_000, 5)
  await device.untilState('A001C001.wav', 'verified')
  const [asset] = await world.query('select id from assets')

  await page.goto(`${publicUrl}/clips/${String(asset?.id)}`)
  await press(page, 'Rename…')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('  ')
  expect(await dialog.getByRole('button', { name: 'Rename' }).isDisabled()).toBe(true)
  await dialog.getByLabel('Name').fill('Interview.wav')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Interview.wav' }).waitFor()
  await press(page, 'Undo')
  await page.getByRole('heading', { name: 'A001C001.wav' }).waitFor()

  await page.goto(`${publicUrl}/projects/${project.id}`)
  await press(page, 'Change filing…')
  await dialog.getByLabel('A clip is filed under').selectOption('upload')
  await press(page, 'File so from now on')
  await page.getByText('day of upload', { exact: true }).waitFor()

  await page.goto(`${publicUrl}/devices/${deviceId}`)
  await press(page, 'Set an end…')
  await dialog.getByLabel('Ends', { exact: true }).fill('2000-01-01T00:00')
  await dialog.getByText('This is over already').waitFor()
  await press(page, 'Set the end')
  await page.getByText('It may not act any more since').waitFor()
  await press(page, 'Undo')
  await page.getByText('for as long as it is paired').waitFor()

  await press(page, 'Forget device…')
  const forget = dialog.getByRole('button', { name: 'Forget device' })
  expect(await forget.isDisabled()).toBe(true)
  await dialog.getByLabel('Reason').fill('the rental is over')
  await forget.click()
  await page.getByText('none: it has no pairing any more').waitFor()
  const acts = await world.query(
    "select action, reason from audit_events where action ~ 'rename|setFolderBy|Expiry|forget' order by id",
  )
  expect(acts.map(({ action }) => action)).toEqual([
    ...['clip.rename', 'clip.rename', 'project.setFolderBy'],
    ...['device.setAuthorizationExpiry', 'device.setAuthorizationExpiry', 'device.forget'],
  ])
  expect(acts.at(-1)?.reason).toBe('the rental is over')

  // A viewer is shown what is so, and none of the buttons.
  await page.context().clearCookies()
  await signInNewPerson(world, page, 'viewer@example.com', 'viewer')
  await page.goto(`${publicUrl}/clips/${String(asset?.id)}`)
  await page.getByRole('heading', { name: 'A001C001.wav' }).waitFor()
  expect(await page.getByRole('button', { name: 'Rename…' }).count()).toBe(0)
})
