import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { signInNewPerson } from './harness/operator.ts'
import { setStage } from './harness/stage.ts'
import { test } from './harness/test.ts'
import { until } from './harness/until.ts'
import type { World } from './harness/world.ts'

const widths = [1440, 390]
const themes = ['light', 'dark'] as const
const shotsDir = join(import.meta.dirname, '..', 'test-results', 'screens')

test('every screen fits both widths in both themes, shows no error and says what it is', { timeout: 900_000 }, async ({
  world,
  browser,
  page,
  newDevice,
}) => {
  await mkdir(shotsDir, { recursive: true })
  const stage = await setStage(world, page, newDevice)
  const screens = {
    fleet: '/fleet',
    device: `/devices/${stage.failed}`,
    'device-uploading': `/devices/${stage.uploading}`,
    'device-on-hold': `/devices/${stage.onHold}`,
    'device-moved': `/devices/${stage.moved}`,
    'device-unsound': `/devices/${stage.unsound}`,
    uploads: '/uploads',
    attention: '/uploads?show=attention',
    clip: `/clips/${stage.clip}`,
    film: `/clips/${stage.film}`,
    'clip-changed': `/clips/${stage.changed}`,
    'clip-in-trash': `/clips/${stage.trashed}`,
    trash: `/projects/${stage.project}/trash`,
    'trash-empty': `/projects/${stage.emptyProject}/trash`,
    projects: '/projects',
    project: `/projects/${stage.project}`,
    commands: '/commands',
    activity: '/activity',
    'add-device': '/add-device',
    'not-found': '/no-such-page',
  }
  /** Dialogs by the screen and the button that opens them. */
  const dialogs = {
    'dialog-rename': [`/clips/${stage.clip}`, 'Rename…'],
    'dialog-forget': [`/devices/${stage.failed}`, 'Forget device…'],
    'dialog-end': [`/devices/${stage.onHold}`, 'Change the end…'],
    'dialog-filing': [`/projects/${stage.project}`, 'Change filing…'],
    'dialog-pause-sharing': [`/devices/${stage.onHold}`, 'Pause sharing…'],
  } as const
  const faults: string[] = []
  const scripts = new Set<string>()
  for (const width of widths)
    for (const theme of themes) {
      const eye = await openEye(world, browser, { width, theme, faults, scripts })
      await eye.page.goto(`${world.instance.publicUrl}/sign-in`)
      await eye.look('sign-in')
      await signInNewPerson(world, eye.page, `looker-${width}-${theme}@example.com`)
      for (const [name, path] of Object.entries(screens)) await eye.visit(name, path)
      for (const [name, [path, button]] of Object.entries(dialogs)) await eye.open(name, path, button)
      await eye.page.goto('about:blank') // a page that is still open would ask on, without its cookies
      await eye.page.context().clearCookies()
      await signInNewPerson(world, eye.page, `viewer-${width}-${theme}@example.com`, 'viewer')
      await eye.visit('device-for-a-viewer', `/devices/${stage.failed}`)
      await eye.visit('fleet-stale', '/fleet')
      const gateway = world.instance.component('gateway').pid
      if (gateway === undefined) throw new Error('the gateway does not run')
      process.kill(gateway, 'SIGSTOP')
      try {
        await eye.page
          .getByText(/Data is/)
          .filter({ visible: true })
          .first()
          .waitFor()
        await eye.look('fleet-stale')
      } finally {
        process.kill(gateway, 'SIGCONT')
      }
      await eye.page.context().close()
    }
  // What checks input is for servers; a browser that loads it waits for a tenth more.
  for (const url of scripts) if ((await (await fetch(url)).text()).includes('ZodError')) faults.push(`${url} holds zod`)
  expect(scripts.size).toBeGreaterThan(0)
  expect(faults).toEqual([])
})

type Eye = {
  page: Page
  look(name: string): Promise<void>
  visit(name: string, path: string): Promise<void>
  /** Goes to a screen and opens the dialog of a button. */
  open(name: string, path: string, button: string): Promise<void>
}

/** A window of one width and theme that keeps what is wrong with what it sees. */
async function openEye(
  world: World,
  browser: Browser,
  {
    width,
    theme,
    faults,
    scripts,
  }: { width: number; theme: (typeof themes)[number]; faults: string[]; scripts: Set<string> },
): Promise<Eye> {
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 844 : 900 },
    colorScheme: theme,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  let where = 'sign-in'
  const complain = (words: string) => faults.push(`${where} ${width} ${theme}: ${words}`)
  page.on('requestfinished', (request) => {
    if (request.resourceType() === 'script') scripts.add(request.url())
  })
  page.on('pageerror', (error) => complain(error.message))
  page.on('console', (message) => {
    // A page that is not there, and a stream that was stopped on purpose, say so in the console.
    if (message.type() === 'error' && where !== 'not-found' && where !== 'fleet-stale') complain(message.text())
  })
  const look = async (name: string) => {
    await page.getByRole('heading', { level: 1 }).first().waitFor()
    await shoot(name)
  }
  const shoot = async (name: string) => {
    // What is still loading shows as a skeleton.
    await until(`${name} is loaded`, async () => (await page.locator('main .skeleton').count()) === 0)
    const overflow = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'))
    if (overflow > 0) complain(`${overflow} px wider than the window`)
    await page.screenshot({ path: join(shotsDir, `${name}-${width}-${theme}.png`) })
  }
  const visit = async (name: string, path: string) => {
    where = name
    await page.goto(world.instance.publicUrl + path)
    await look(name)
  }
  const open = async (name: string, path: string, button: string) => {
    where = name
    await page.goto(world.instance.publicUrl + path)
    await page.getByRole('button', { name: button }).click()
    await page.getByRole('dialog').waitFor() // it hides the page, with its heading, from whoever asks for roles
    await shoot(name)
  }
  return { page, look, visit, open }
}
