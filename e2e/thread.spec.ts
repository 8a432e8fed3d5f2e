import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect } from 'vitest'
import { sha256Of, writeClip } from './harness/media.ts'
import { test } from './harness/test.ts'
import { until } from './harness/until.ts'

test('a device is paired by its code in the browser, a 60 MB clip goes up before the eyes of the operator, plays, and is the same to the bit', async ({
  world,
  page,
  newDevice,
}) => {
  const { publicUrl } = world.instance
  await world.createProject('Harbour Nights')
  const device = await newDevice('A-Cam')

  const pairing = device.startPairing()
  const code = await pairing.nextCode()
  await page.goto(`${publicUrl}/add-device`)
  await page.getByLabel('Code on the device').fill(`${code.slice(0, 3)} ${code.slice(3)}`)
  await page.getByLabel('Project').selectOption({ label: 'Harbour Nights' })
  await page.getByRole('button', { name: 'Let the device in' }).click()
  await page.getByText('A-Cam is in Harbour Nights').waitFor()
  await pairing.paired
  await device.run()

  await page.getByRole('link', { name: 'Open A-Cam' }).click()
  await page.getByRole('heading', { level: 1, name: 'A-Cam' }).waitFor()
  // Each of the three parts has a line of its own speed, so that they are acknowledged one after the other.
  const slow = [8_000_000, 3_000_000, 1_500_000].map((bytesPerSecond, index) =>
    world.uplink.inject(
      { kind: 'bandwidth', bytesPerSecond },
      { when: { method: 'PUT', path: '/parts/' }, nth: index + 1, times: 1 },
    ),
  )
  const clip = join(device.watchDir, 'A001C001_241122.wav')
  await writeClip(clip, 60_000_000, 3)

  const bar = page.getByRole('progressbar', { name: 'Progress of A001C001_241122.wav' })
  const seen = new Set<number>()
  await until('progress moved before the eyes of the operator', async () => {
    const value = await bar.getAttribute('aria-valuenow', { timeout: 1_000 }).catch(() => null)
    if (value !== null && Number(value) > 0 && Number(value) < 100) seen.add(Number(value))
    return seen.size >= 2
  })
  for (const fault of slow) fault.remove()
  await device.untilState('A001C001_241122.wav', 'verified')
  const values = [...seen]
  expect(values).toEqual(values.toSorted((a, b) => a - b))

  await page.getByText('Verified').first().waitFor()
  await page
    .getByRole('link', { name: /A001C001_241122/ })
    .first()
    .click()
  await page.waitForURL('**/clips/*')
  const player = page.locator('audio, video')
  await player.waitFor()
  const playedSeconds = await player.evaluate(
    (media: {
      play(): Promise<void>
      currentTime: number
      addEventListener(type: string, listener: () => void): void
    }) =>
      new Promise<number>((resolve, reject) => {
        media.addEventListener('timeupdate', () => {
          if (media.currentTime > 0.5) resolve(media.currentTime)
        })
        media.addEventListener('error', () => reject(new Error('the browser cannot play it')))
        media.play().catch(reject)
      }),
  )
  expect(playedSeconds).toBeGreaterThan(0.5)

  const content = await page.request.get(`${page.url()}/content`)
  expect(content.status()).toBe(200)
  expect(
    createHash('sha256')
      .update(await content.body())
      .digest('hex'),
  ).toBe(await sha256Of(clip))
  const range = await page.request.get(`${page.url()}/content`, { headers: { range: 'bytes=0-3' } })
  expect([range.status(), (await range.body()).toString('latin1')]).toEqual([206, 'RIFF'])
  expect((await fetch(`${page.url()}/content`)).status).toBe(401)
})
