import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { writeClip } from './harness/media.ts'
import { signInNewPerson } from './harness/operator.ts'
import { pairAndRun, test } from './harness/test.ts'
import { until } from './harness/until.ts'

const widths = [1440, 390]
const themes = ['light', 'dark'] as const
const shotsDir = join(import.meta.dirname, '..', 'test-results', 'screens')

test('every screen fits both widths in both themes, shows no error and says what it is', { timeout: 600_000 }, async ({
  world,
  browser,
  newDevice,
}) => {
  await mkdir(shotsDir, { recursive: true })
  const project = await world.createProject('Harbour Nights')
  await world.createProject('Second unit')
  const device = await newDevice('A-Cam')
  const deviceId = await pairAndRun(world, device, project.id)
  await writeClip(join(device.watchDir, 'A001C001.wav'), 6_000_000, 1)
  await device.untilState('A001C001.wav', 'verified')
  world.uplink.inject(
    {
      kind: 'reply',
      status: 422,
      headers: { 'content-type': 'application/json' },
      body: '{"code":422,"errors":[{"code":422,"detail":"This name cannot be stored","status":422,"title":"Unprocessable"}],"message":"Unprocessable"}',
    },
    { when: { method: 'POST', path: '/v2/devices/assets' }, nth: 1, times: 1 },
  )
  await writeClip(join(device.watchDir, 'A001C002.wav'), 6_000_000, 2)
  await device.untilState('A001C002.wav', 'failed')
  await world.admin('device', 'pause-sharing', deviceId, '--reason', 'closed set')
  const [asset] = await world.query("select id from assets where state = 'available'")
  await newDevice('B-Cam').then((second) => pairAndRun(world, second, project.id))

  const screens = {
    fleet: '/fleet',
    device: `/devices/${deviceId}`,
    uploads: '/uploads',
    attention: '/uploads?show=attention',
    clip: `/clips/${String(asset?.id)}`,
    projects: '/projects',
    project: `/projects/${project.id}`,
    commands: '/commands',
    activity: '/activity',
    'add-device': '/add-device',
    'not-found': '/no-such-page',
  }
  const faults: string[] = []
  for (const width of widths) {
    for (const theme of themes) {
      const context = await browser.newContext({
        viewport: { width, height: width < 500 ? 844 : 900 },
        colorScheme: theme,
        reducedMotion: 'reduce',
      })
      const page = await context.newPage()
      let where = 'sign-in'
      page.on('pageerror', (error) => faults.push(`${where} ${width} ${theme}: ${error.message}`))
      page.on('console', (message) => {
        if (message.type() === 'error' && where !== 'not-found')
          faults.push(`${where} ${width} ${theme}: ${message.text()}`)
      })
      const look = async (name: string) => {
        await page.getByRole('heading', { level: 1 }).first().waitFor()
        // What is still loading shows as a skeleton.
        await until(`${name} is loaded`, async () => (await page.locator('main .skeleton').count()) === 0)
        const overflow = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'))
        if (overflow > 0) faults.push(`${name} ${width} ${theme}: ${overflow} px wider than the window`)
        await page.screenshot({ path: join(shotsDir, `${name}-${width}-${theme}.png`) })
      }
      await page.goto(`${world.instance.publicUrl}/sign-in`)
      await look('sign-in')
      await signInNewPerson(world, page, `looker-${width}-${theme}@example.com`)
      for (const [name, path] of Object.entries(screens)) {
        where = name
        await page.goto(world.instance.publicUrl + path)
        await look(name)
      }
      await context.close()
    }
  }
  expect(faults).toEqual([])
})
