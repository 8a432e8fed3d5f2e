/**
 * `npm run bench -- playing`: clips that go up while they are recorded, through a whole installation, with the page of each open in a browser: how
 * long from the moment at which its recorder closes it until it plays there.
 */
import { execFileSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sumUp } from '@rushes/test-kit'
import type { Page } from 'playwright-core'
import { createDevice } from '../harness/device.ts'
import { type Film, makeFilm, recordFilm } from '../harness/film.ts'
import { launchBrowser, signInNewPerson } from '../harness/operator.ts'
import { pairAndRun } from '../harness/pair.ts'
import { until } from '../harness/until.ts'
import { startWorld, type World } from '../harness/world.ts'

const recording = { bytesPerSecond: 12_750_000, seconds: 6 }
/** Runs in the page: when the first picture of a clip that plays was painted. Events of media do not bubble. */
const noticeFirstPicture = `document.addEventListener('playing', ({ target }) => {
  if (target instanceof HTMLVideoElement) target.requestVideoFrameCallback(() => window.tellFirstPicture(location.pathname, Date.now()))
}, { capture: true })`
/** Of so few the slowest is beyond the 95th percentile. */
const runs = 10

try {
  execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' })
} catch {
  console.error('ffmpeg makes the film that is recorded, and it is missing: sudo apt-get install ffmpeg')
  process.exit(1)
}

const world = await startWorld()
const browser = await launchBrowser()
const device = await createDevice(world.dir, 'A-Cam', world.instance.publicUrl)
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const firstPictures = new EventEmitter()
  await context.exposeFunction('tellFirstPicture', (path: string, at: number) => firstPictures.emit(path, at))
  await context.addInitScript({ content: noticeFirstPicture })
  const page = await context.newPage()
  await signInNewPerson(world, page, 'editor@example.com')
  const film = await makeFilm(join(world.dir, 'film.mp4'), recording)
  const project = await world.createProject('Harbour Nights')
  await mkdir(device.stateDir, { recursive: true, mode: 0o700 })
  const watch = [{ path: device.watchDir, mode: 'realtime', bytesPerSecond: recording.bytesPerSecond }]
  await writeFile(join(device.stateDir, 'agent.json'), JSON.stringify({ watch }))
  await pairAndRun(world, device, project.id)
  const [completeMs, playingMs]: [number[], number[]] = [[], []]
  for (let run = 0; run <= runs; run++) {
    const seen = await watchOne(world, page, film, join(device.watchDir, `A001C00${run}.mp4`), firstPictures)
    // Not of the first one: with it each program does what it does for the first time since it was started.
    if (run === 0) continue
    completeMs.push(seen.completeMs)
    playingMs.push(seen.playingMs)
  }
  tell('whole at the destination', completeMs, 1_000)
  tell('playing in the browser that has its page open', playingMs, 2_000)
} finally {
  await device.stop()
  await browser.close()
  await world.stop()
}

/** From its recorder's close, for one clip whose page is opened while it is recorded. */
async function watchOne(world: World, page: Page, film: Film, path: string, firstPictures: EventEmitter) {
  const before = await newestClip(world)
  const isOpen = Promise.withResolvers<void>()
  const recorded = recordFilm(path, film, isOpen.promise)
  const assetId = await until('the clip has begun to arrive', async () => {
    const newest = await newestClip(world)
    return newest !== before && newest
  })
  const firstPicture = once(firstPictures, `/clips/${assetId}`)
  await page.goto(`${world.instance.publicUrl}/clips/${assetId}`)
  await page.getByText('Not available yet').waitFor()
  isOpen.resolve()
  const closedAt = await recorded
  const [playedAt] = await firstPicture
  const [clip] = await world.query('select extract(epoch from available_at) * 1000 as "at" from assets where id = $1', [
    assetId,
  ])
  const completeAt = Number(clip?.at ?? Number.NaN)
  return { completeMs: completeAt - closedAt, playingMs: playedAt - closedAt }
}

async function newestClip(world: World): Promise<string | null> {
  const [newest] = await world.query('select id from assets order by created_at desc limit 1')
  return newest === undefined ? null : String(newest.id)
}

function tell(what: string, values: number[], mostMs: number): void {
  const text = `p95 ≤ ${mostMs / 1_000} s`
  const metric = `growing clip of 12.75 MB/s: from its recorder's close to ${what}`
  console.log(JSON.stringify(sumUp({ metric, unit: 'ms', values, goal: { text, isMet: ({ max }) => max <= mostMs } })))
}
