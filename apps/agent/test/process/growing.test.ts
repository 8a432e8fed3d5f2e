import { afterEach, describe, expect, test } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import { type Device, endAll, startDevice } from './agent-process.ts'
import { type Clip, differences } from './clips.ts'
import { type Recorder, record, startRecorder } from './growing-clips.ts'

afterEach(endAll)

const mebibyte = 1_048_576
const realtimeFolder = { path: '../card', mode: 'realtime', bytesPerSecond: 5_242_880 }
const startRealtimeDevice = (options: Parameters<typeof startDevice>[0] = {}) =>
  startDevice({ ...options, settings: { watch: [realtimeFolder], ...options.settings } })

/** Numbers of the parts that the destination has of the newest asset. */
const arrived = ({ server }: Device): number[] =>
  [...(server.assets.at(-1)?.parts.values() ?? [])]
    .filter(({ received }) => received !== null)
    .map(({ number }) => number)

/** Records until some of it has arrived. */
async function recordUntilArrived(device: Device, recorder: Recorder, sizeBytes = 24 * mebibyte): Promise<void> {
  await record(recorder, sizeBytes)
  await device.server.until(() => arrived(device).length >= 2, 'parts arrive while it grows')
}

/** The one upload there is has come home, once and byte for byte. */
async function expectHome(device: Device, clip: Clip): Promise<void> {
  const home = device.server.mode === 'ours' ? 'verified' : 'uploaded'
  await device.until((all) => all.length === 1 && all[0]?.state === home, `the clip is ${home}`)
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.violations).toEqual([])
}

/** As `expectHome`, and with no asset but the one that was begun while it grew, no part of it sent twice. */
async function expectHomeAtOnce(device: Device, clip: Clip): Promise<void> {
  await expectHome(device, clip)
  expect(device.server.assets).toHaveLength(1)
  expect(device.server.partsSentAgain()).toEqual([])
}

describe.for(['ours', 'foreign'] as const)('a clip that grows, towards a server that is %s,', (mode) => {
  test('goes up while it grows, and is whole when its recorder has rewritten its head', async () => {
    const device = await startRealtimeDevice({ mode })
    await device.start()
    const recorder = await startRecorder(device.watchDir, 'A001.mov')
    await recordUntilArrived(device, recorder)
    expect(arrived(device)).not.toContain(1)
    await record(recorder, 3 * mebibyte)
    await recorder.rewrite(20, 4 * mebibyte)
    await expectHomeAtOnce(device, await recorder.close())
  })

  test('sends those parts again under their numbers that its recorder rewrote, and no others', async () => {
    const device = await startRealtimeDevice({ mode })
    await device.start()
    const recorder = await startRecorder(device.watchDir, 'A001.mkv')
    await recordUntilArrived(device, recorder)
    const before = device.server.requestsOf('part').length
    await recorder.rewrite(6 * mebibyte, 100)
    const clip = await recorder.close()
    await expectHome(device, clip)
    expect(device.server.assets).toHaveLength(1)
    const numbers = device.server
      .requestsOf('part')
      .slice(before)
      .map(({ path }) => Number(path.split('/').at(-1)))
    expect(numbers.filter((number) => number === 2)).toHaveLength(1)
    expect(new Set(numbers).size).toBe(numbers.length)
  })

  test('loses nothing when replies are lost, calls fail and addresses run out', async () => {
    const device = await startRealtimeDevice({ mode })
    await device.start()
    device.server.inject(faults.loseReply, { operation: 'realtimeParts', times: 2 })
    const recorder = await startRecorder(device.watchDir, 'A001.mov')
    await recordUntilArrived(device, recorder)
    device.server.inject(faults.badGateway, { operation: 'realtimeParts', times: 2 })
    await record(recorder, 8 * mebibyte)
    device.server.expireUrls()
    await record(recorder, 8 * mebibyte)
    await expectHomeAtOnce(device, await recorder.close())
  })
})
