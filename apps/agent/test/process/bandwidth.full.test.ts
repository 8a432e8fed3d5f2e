import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type LinkShape, seededRandom, startLinkProxy } from '@rushes/test-kit'
import { afterEach, expect, test, vi } from 'vitest'
import { pairedQueue } from '../../bench/support/filled-queue.ts'
import { startSink } from '../../bench/support/start-sink.ts'
import { atEnd, endAll, runCli, startDevice } from './agent-process.ts'
import { changeStored, movedPairing } from './stored-queue.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const limit = 2_500_000
const windowMs = 5_000
const lookEveryMs = 50
const lookForMs = 20_000
/** A line that carries far more than the limit. */
const wide: LinkShape = { bitsPerSecond: 400_000_000, roundTripMs: 2, windowBytes: 4_194_304, lossRate: 0 }

type Look = { atMs: number; bytes: number }

/** The most that came out of the line in any five seconds, as a share of what the limit allows in them. */
function mostInWindow(looks: readonly Look[]): number {
  let most = 0
  let from = 0
  for (const { atMs, bytes } of looks) {
    while (atMs - (looks[from]?.atMs ?? atMs) > windowMs) from++
    most = Math.max(most, bytes - (looks[from]?.bytes ?? bytes))
  }
  return most / ((limit * windowMs) / 1_000)
}

test.for([
  ['always', { bytesPerSecond: limit }],
  ['by a timetable', { timetable: [{ from: '00:00', to: '00:00', bytesPerSecond: limit }] }],
] as const)(
  'a line that is limited %s carries at most 5 % more in any 5 s and at least 95 % overall, whatever number of parts share it',
  async ([, bandwidth]) => {
    const device = await startDevice({ mode: 'foreign', paired: false, settings: { bandwidth, workers: 6 } })
    const sink = await startSink({ partBytes: 6_000_000 })
    atEnd(async () => sink.stop())
    const upstreamPort = Number(new URL(sink.url).port)
    const line = await startLinkProxy({ upstreamPort, shape: wide, random: seededRandom(1) })
    atEnd(() => line.close())
    pairedQueue(device.stateDir, `http://${line.host}:${line.port}`).close()
    // The clock that dates files lags some milliseconds behind the one of the pairing.
    changeStored(device.stateDir, movedPairing(-60_000, -60_000))
    await mkdir(device.watchDir, { recursive: true })
    for (let clip = 0; clip < 8; clip++) {
      const path = join(device.watchDir, `A00${clip}.mxf`)
      await writeFile(path, `clip ${clip}`)
      await truncate(path, clip % 4 === 0 ? 900_000 : 40_000_000)
    }
    await device.start()
    await vi.waitUntil(() => line.deliveredBytes() > 2 * limit, { timeout: 30_000 })
    const looks: Look[] = []
    const begunMs = performance.now()
    while (performance.now() - begunMs < lookForMs) {
      looks.push({ atMs: performance.now(), bytes: line.deliveredBytes() })
      await wait(lookEveryMs)
    }
    const [first, last] = [looks[0], looks.at(-1)]
    if (first === undefined || last === undefined) throw new Error('it was looked at')
    expect(mostInWindow(looks)).toBeLessThanOrEqual(1.05)
    const rate = ((last.bytes - first.bytes) * 1_000) / (last.atMs - first.atMs)
    expect(rate / limit).toBeGreaterThanOrEqual(0.95)
    const { stdout } = await runCli(['--state-dir', device.stateDir, 'status'])
    expect(stdout).toMatch(/rate .*\/s, held to 2\.5 MB\/s by bandwidth in agent\.json/)
  },
)
