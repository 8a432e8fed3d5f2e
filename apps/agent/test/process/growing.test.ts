import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { endAll } from './agent-process.ts'
import { record, startRecorder } from './growing-clips.ts'
import {
  arrived,
  expectHome,
  expectHomeAtOnce,
  mebibyte,
  realtimeFolder,
  recordUntilArrived,
  startRealtimeDevice,
} from './growing-device.ts'

vi.setConfig({ testTimeout: 180_000 })
afterEach(endAll)

describe.for(['ours', 'foreign'] as const)('a clip that grows, towards a server that is %s,', (mode) => {
  test('goes up to its channel while it grows, and is whole when its recorder has rewritten its head', async () => {
    const device = await startRealtimeDevice({ mode, settings: { watch: [{ ...realtimeFolder, channel: 3 }] } })
    await device.start()
    const recorder = await startRecorder(device.watchDir, 'A001.mov')
    await recordUntilArrived(device, recorder)
    expect(device.server.assets).toMatchObject([{ channel: 3 }])
    expect(arrived(device)).not.toContain(1)
    await record(recorder, 3 * mebibyte)
    await recorder.rewrite(20, 4 * mebibyte)
    await expectHomeAtOnce(device, await recorder.close())
  })

  test('goes up while it grows, and nothing of it again when its recorder has put an index before it', async () => {
    const device = await startRealtimeDevice({ mode })
    await device.start()
    const recorder = await startRecorder(device.watchDir, 'A001.mov')
    await recordUntilArrived(device, recorder)
    const early = arrived(device)
    await recorder.prepend(123_457)
    await expectHome(device, await recorder.close())
    expect(device.server.assets).toHaveLength(1)
    const sent = device.server.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path)
    for (const number of early) expect(sent.filter((path) => path === `/parts/asset-1/${number}`)).toHaveLength(1)
  })
})

test('a clip whose name is temporary goes up under its extension while it grows, and gets the name that its recorder gives it', async () => {
  const device = await startRealtimeDevice()
  await device.start()
  const recorder = await startRecorder(device.watchDir, 'A001.mov.part')
  await recordUntilArrived(device, recorder)
  expect(device.server.assets.map(({ name, fileType }) => [name, fileType])).toEqual([
    ['[new file].mov', 'video/quicktime'],
  ])
  await recorder.close()
  // Ten times as long as a file has to rest here: without its name it is not complete.
  await delay(1_500)
  expect((await device.list()).map(({ state }) => state)).toEqual(['uploading'])
  await recorder.rename('Scene 4 Take 2.mov')
  await expectHomeAtOnce(device, recorder.clip())
})

test('a clip whose temporary file is deleted is cleared, and nothing of it is completed', async () => {
  const device = await startRealtimeDevice()
  await device.start()
  const recorder = await startRecorder(device.watchDir, 'A001.mov.part')
  await recordUntilArrived(device, recorder)
  await recorder.close()
  await rm(recorder.clip().path)
  await device.until(([upload]) => upload?.state === 'cleared' && upload.reason === 'sourceDeleted', 'cleared')
  expect(device.server.completedAssets()).toEqual([])
})

test.for(['create', 'realtimeParts'] as const)(
  'a clip whose destination refuses it while it grows (%s) goes up whole by itself when its recorder has finished',
  async (operation) => {
    const device = await startRealtimeDevice()
    const body = JSON.stringify({ code: 400, errors: [], message: 'no parts that grow' })
    const json = { 'content-type': 'application/json' }
    device.server.inject({ kind: 'reply', status: 400, headers: json, body }, { operation, times: 1 })
    await device.start()
    const recorder = await startRecorder(device.watchDir, 'A001.mov')
    await record(recorder, 24 * mebibyte)
    await device.until(([upload]) => upload?.state === 'failed', 'refused while it grows')
    await record(recorder, 3 * mebibyte)
    await expectHome(device, await recorder.close())
    expect(device.server.completedAssets().map(({ isRealtime }) => isRealtime)).toEqual([false])
  },
)

test('a recorder that falls silent with its file open does not end the clip, and says itself that it is complete', async () => {
  const device = await startRealtimeDevice()
  await device.start()
  const recorder = await startRecorder(device.watchDir, 'A001.mov')
  await recordUntilArrived(device, recorder)
  // Ten times as long as a file has to rest here.
  await delay(1_500)
  expect((await device.list()).map(({ state }) => state)).toEqual(['uploading'])
  await recorder.write(3 * mebibyte)
  const finished = await device.cli('recording', 'finish', recorder.clip().path)
  expect(finished.code).toBe(0)
  await expectHomeAtOnce(device, recorder.clip())
  expect((await device.cli('recording', 'finish', recorder.clip().path)).code).toBe(1)
  await recorder.close()
})
