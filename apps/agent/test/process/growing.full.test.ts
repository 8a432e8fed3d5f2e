import { setTimeout as delay } from 'node:timers/promises'
import { freshSeed, seededRandom } from '@rushes/test-kit'
import { afterEach, describe, expect, test } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import { type Device, endAll } from './agent-process.ts'
import { differences } from './clips.ts'
import { record, startRecorder } from './growing-clips.ts'
import { expectHome, expectHomeAtOnce, mebibyte, recordUntilArrived, startRealtimeDevice } from './growing-device.ts'
import { killWhileItGrows } from './growing-kill-rounds.ts'

afterEach(endAll)

describe.for(['ours', 'foreign'] as const)('a clip that grows, towards a server that is %s,', (mode) => {
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

test('the upload of a growing file goes with it when its recorder renames it, also at its end', async () => {
  const device = await startRealtimeDevice()
  await device.start()
  const recorder = await startRecorder(device.watchDir, 'recording.mov')
  await recordUntilArrived(device, recorder)
  await recorder.rename('A001.mov')
  await record(recorder, 6 * mebibyte)
  const clip = await recorder.close()
  const [upload] = await device.until((all) => all.length === 1 && all[0]?.state === 'verified', 'the clip is verified')
  expect(upload?.path).toBe(clip.path)
  expect(differences(device.server, { ...clip, name: 'recording.mov' })).toEqual([])
  expect(device.server.assets).toHaveLength(1)
})

test('a clip whose recording began in a pause is never uploaded, and one that began before it is completed in it', async () => {
  const device = await startRealtimeDevice()
  await device.start()
  const before = await startRecorder(device.watchDir, 'before.mov')
  await recordUntilArrived(device, before)
  await delay(1_100)
  device.server.pause()
  await record(before, 8 * mebibyte)
  const clip = await before.close()
  const within = await startRecorder(device.watchDir, 'within.mov', 2)
  await record(within, 24 * mebibyte)
  await within.close()
  const stateOf = (all: Awaited<ReturnType<Device['list']>>, name: string) =>
    all.find(({ path }) => path.endsWith(name))?.state
  await device.until(
    (all) => all.length === 2 && stateOf(all, 'before.mov') === 'verified' && stateOf(all, 'within.mov') === 'blocked',
    'one home, one blocked',
  )
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(1)
})

test('a growing clip is whole although the agent was killed while it grew and after it had ended', async () => {
  const device = await startRealtimeDevice()
  const first = await device.start()
  const recorder = await startRecorder(device.watchDir, 'A001.mkv')
  await recordUntilArrived(device, recorder)
  await first.kill()
  await record(recorder, 8 * mebibyte)
  const second = await device.start()
  await record(recorder, 8 * mebibyte)
  await second.kill()
  await recorder.rewrite(9 * mebibyte, 1_000)
  const clip = await recorder.close()
  await device.start()
  await expectHome(device, clip)
  expect(device.server.assets).toHaveLength(1)
})

test('kill -9 at random points of a recording loses nothing, and sends nothing again that is noted', async () => {
  const seed = freshSeed()
  const { problems } = await killWhileItGrows(seededRandom(seed), 6)
  expect(problems, `seed ${seed}`).toEqual([])
}, 180_000)

test('a take without a byte is refused with its reason and makes no asset', async () => {
  const device = await startRealtimeDevice()
  await device.start()
  await (await startRecorder(device.watchDir, 'A001.wav')).close()
  const [upload] = await device.until((all) => all.length === 1 && all[0]?.state === 'refused', 'it is refused')
  expect(upload?.reason).toBe('emptyFile')
  expect(device.server.assets).toEqual([])
})
