import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { World } from './world.ts'

const candidates = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** A real Chromium: what is on the machine, else Playwright's own download. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = candidates.find((path) => existsSync(path))
  return chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
    ],
  })
}

export const operatorPassword = 'a long enough pass phrase'

/** Makes a person with `rushes-admin`, opens the printed link and sets a password, as they would. Leaves them signed in. */
export async function signInNewPerson(world: World, page: Page, email: string, role = 'admin'): Promise<void> {
  const made = await world.admin('user', 'create', email, '--role', role)
  if (typeof made !== 'object' || made === null || !('url' in made) || typeof made.url !== 'string')
    throw new Error('user create printed no link')
  await page.goto(made.url)
  await page
    .getByLabel(/password/i)
    .first()
    .fill(operatorPassword)
  const again = page.getByLabel(/again|repeat|confirm/i)
  if ((await again.count()) > 0) await again.first().fill(operatorPassword)
  await page
    .getByRole('button', { name: /set|save|continue|create|sign in/i })
    .first()
    .click()
  await page.waitForURL((url) => !url.href.startsWith(`${made.url}`.split('?')[0] ?? ''), { timeout: 30_000 })
}
