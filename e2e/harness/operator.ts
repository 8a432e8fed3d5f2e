import { findBrowser } from '@rushes/infra/test/tools'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { World } from './world.ts'

/** A real Chromium: the one of this machine, else Playwright's own download. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = await findBrowser()
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

const operatorPassword = 'a long enough pass phrase'

/** Makes a person with `rushes-admin`, opens the printed link and sets a password, as they would. Leaves them signed in. */
export async function signInNewPerson(world: World, page: Page, email: string, role = 'admin'): Promise<void> {
  const made = await world.admin('user', 'create', email, '--role', role)
  if (typeof made !== 'object' || made === null || !('url' in made) || typeof made.url !== 'string')
    throw new Error('user create printed no link')
  await page.goto(made.url)
  await page.getByLabel('Password').fill(operatorPassword)
  await page.getByRole('main').getByRole('button').click()
  await page.waitForURL('**/fleet')
}
