import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  createRealtime,
  mib,
  putPart,
  requestParts,
  someBytes,
  statusOf,
  untilStatus,
  visibleFiles,
} from './support/clips.ts'
import { pairDevice } from './support/pair.ts'
import { prepareProcessIngest } from './support/process-ingest.ts'
import { until } from './support/until.ts'

test('killed while it copies a clip whose parts have moved, it shows nothing of it, loses nothing, and makes it once it runs again', async () => {
  const ingest = await prepareProcessIngest()
  onTestFinished(() => ingest.dispose())
  await ingest.start()
  const device = await pairDevice(ingest)
  const name = 'take.mov'
  const headBytes = 5 * mib + 12_345
  const bodyBytes = 100 * mib
  const bytes = someBytes(headBytes + bodyBytes + 7, 4)
  const { id } = await createRealtime(device, { name, extension: '.mov' })
  const put = async (url: string | undefined, from: number, to: number) =>
    expect((await putPart(url ?? '', bytes.subarray(from, to))).status).toBe(200)

  const early = [
    { number: 1, size: 5 * mib, is_final: false },
    { number: 2, size: bodyBytes, is_final: false },
  ]
  const [, body] = await requestParts(device, id, early)
  await put(body, headBytes, headBytes + bodyBytes)
  const late = [
    { number: 1, size: headBytes, is_final: false },
    { number: 3, size: 7, is_final: true },
  ]
  const [head, tail] = await requestParts(device, id, late, { asset_filesize: bytes.length })
  await put(head, 0, headBytes)
  const apart = join(ingest.dir, '.rushes-uploads', `${id}.apart`)
  const joining = until('it is being copied', () => existsSync(join(apart, 'joining')), 60_000)
  await put(tail, headBytes + bodyBytes, bytes.length)
  await joining
  await ingest.kill()
  expect([existsSync(join(apart, 'joined')), await visibleFiles(ingest.dir)]).toEqual([false, []])

  await ingest.start()
  expect(await statusOf(device, id)).toMatchObject({ missing: [] })
  await untilStatus(device, id, 'available')
  expect(await ingest.stored.names()).toEqual([name])
  expect(bytes.equals(await ingest.stored.read(name))).toBe(true)
  await until('nothing of it is left in hiding', () => !existsSync(apart))
})
