import type { Browser, Page } from 'playwright-core'
import { test as base } from 'vitest'
import { createDevice, type Device } from './device.ts'
import { launchBrowser, signInNewPerson } from './operator.ts'
import { startWorld, type World } from './world.ts'

export type NewDevice = (name: string) => Promise<Device>

/** A test of the whole product: `world` and `browser` serve a spec file, devices and pages a single test. */
export const test = base.extend<{
  $file: { world: World; browser: Browser }
  $test: { newDevice: NewDevice; page: Page }
}>({
  world: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are asked for off this pattern
    async ({}, use) => {
      const world = await startWorld()
      await use(world)
      await world.stop()
    },
    { scope: 'file' },
  ],
  browser: [
    // biome-ignore lint/correctness/noEmptyPattern: as above
    async ({}, use) => {
      const browser = await launchBrowser()
      await use(browser)
      await browser.close()
    },
    { scope: 'file' },
  ],
  newDevice: async ({ world }, use) => {
    const made: Device[] = []
    await use(async (name) => {
      const device = await createDevice(world.dir, name, world.instance.publicUrl)
      made.push(device)
      return device
    })
    for (const device of made) await device.stop()
  },
  page: async ({ world, browser }, use) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    await signInNewPerson(world, page, `operator-${crypto.randomUUID()}@example.com`)
    await use(page)
    await context.close()
  },
})
