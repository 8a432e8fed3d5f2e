import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { makeFilm, recordFilm } from './harness/film.ts'
import { signInNewPerson } from './harness/operator.ts'
import { pairAndRun } from './harness/pair.ts'
import { test } from './harness/test.ts'
import { until } from './harness/until.ts'

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0

test.skipIf(!hasFfmpeg)(
  'a clip whose page is open plays by itself, without its sound, when its recorder closes it, but not for whoever wants less motion',
  async ({ world, browser, page, newDevice }) => {
    const still = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage()
    await signInNewPerson(world, still, 'still@example.com')
    const project = await world.createProject('Harbour Nights')
    const device = await newDevice('A-Cam')
    await mkdir(device.stateDir, { recursive: true, mode: 0o700 })
    const watch = [{ path: device.watchDir, mode: 'realtime', bytesPerSecond: 5_242_880 }]
    await writeFile(join(device.stateDir, 'agent.json'), JSON.stringify({ watch }))
    await pairAndRun(world, device, project.id)
    const film = await makeFilm(join(world.dir, 'film.mp4'), { bytesPerSecond: 5_242_880, seconds: 4 })

    const areOpen = Promise.withResolvers<void>()
    const recorded = recordFilm(join(device.watchDir, 'A001C001.mp4'), film, areOpen.promise)
    const assetId = await until(
      'the clip has begun to arrive',
      async () => (await world.query('select id from assets'))[0]?.id,
    )
    for (const one of [page, still]) {
      await one.goto(`${world.instance.publicUrl}/clips/${assetId}`)
      await one.getByText('Not available yet').waitFor()
    }
    areOpen.resolve()
    await recorded

    await until('it plays', async () => (await lookAtVideo(page)).currentTime > 0)
    expect(await lookAtVideo(page)).toMatchObject({ muted: true })
    await until('it could play', async () => (await lookAtVideo(still)).readyState >= 2)
    expect(await lookAtVideo(still)).toMatchObject({ paused: true, currentTime: 0 })
    await still.context().close()
    await device.untilState('A001C001.mp4', 'verified')
  },
)

const lookAtVideo = (
  page: Page,
): Promise<{ currentTime: number; readyState: number; paused: boolean; muted: boolean }> =>
  page.evaluate(
    `(({ currentTime, readyState, paused, muted } = {}) => ({ currentTime, readyState, paused, muted }))(document.querySelector('video') ?? undefined)`,
  )
