import { join } from 'node:path'
import { expect } from 'vitest'
import { writeClip } from './harness/media.ts'
import { pairAndRun } from './harness/pair.ts'
import { untilStored } from './harness/store.ts'
import { test } from './harness/test.ts'
import { until } from './harness/until.ts'

test('a clip goes into the trash, comes back by Undo, goes there again by the keyboard, is restored from there, and plays', async ({
  world,
  page,
  newDevice,
}) => {
  const { publicUrl } = world.instance
  const project = await world.createProject('Harbour Nights')
  const device = await newDevice('A-Cam')
  await pairAndRun(world, device, project.id)
  const name = 'A001C001.wav'
  await writeClip(join(device.watchDir, name), 6_000_000, 1)
  await device.untilState(name, 'verified')
  const [asset] = await world.query('select id from assets where name = $1', [name])
  const clipUrl = `${publicUrl}/clips/${String(asset?.id)}`
  const statusOf = async (search = '') => (await page.request.get(`${clipUrl}/content${search}`)).status()

  await page.goto(clipUrl)
  await page.getByRole('button', { name: 'Move to trash' }).click()
  await page.getByText(/In the trash since/).waitFor()
  expect([await statusOf(), await statusOf('?view=trash')]).toEqual([404, 200])
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText(/In the trash since/).waitFor({ state: 'detached' })
  expect(await statusOf()).toBe(200)

  await page.goto(`${publicUrl}/uploads?project=${project.id}`)
  await page.getByRole('row').filter({ hasText: name }).waitFor()
  for (const key of ['j', 'x', 'Delete']) await page.keyboard.press(key)
  await page.getByRole('dialog').getByRole('button', { name: 'Move to trash' }).click()
  await page.getByText('No clip matches').waitFor()
  await page.goto(`${publicUrl}/projects/${project.id}`)
  await page.getByRole('link', { name: 'See trash' }).click()
  await page.getByRole('heading', { level: 1, name: 'Trash' }).waitFor()
  const row = page.getByRole('row').filter({ hasText: name })
  await row.getByText('30 days').waitFor()
  // Its bytes are where they were, and its device hears no other than before.
  expect(await untilStored(world, name)).toHaveLength(1)
  expect((await device.list()).find((clip) => clip.path.endsWith(name))?.state).toBe('verified')

  await row.getByRole('button', { name: `Restore ${name}` }).click()
  await page.getByText('The trash is empty').waitFor()
  await page.goto(clipUrl)
  const player = page.locator('audio')
  await player.waitFor()
  await player.evaluate((media: { play(): Promise<void> }) => media.play())
  await until('it plays', () => player.evaluate((media: { currentTime: number }) => media.currentTime > 0.3))
  const actions = await world.query("select action from audit_events where target_kind = 'clip' order by id")
  expect(actions.map((row) => row.action)).toEqual(['clip.trash', 'clip.restore', 'clip.trash', 'clip.restore'])
})
