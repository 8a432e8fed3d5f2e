import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRealtime, mib, putPart, requestParts, someBytes, untilStatus } from './support/clips.ts'
import { type Device, pairDevice } from './support/pair.ts'
import { startPut } from './support/start-put.ts'
import { startTestIngest, type TestIngest } from './support/test-ingest.ts'
import { until } from './support/until.ts'

let ingest: TestIngest
let device: Device
beforeAll(async () => {
  ingest = await startTestIngest()
  device = await pairDevice(ingest)
})
afterAll(() => ingest.stop())

const small = 5 * mib
let nth = 0
const nameOfNext = () => `take-${++nth}.mp4`
const part = (number: number, size = small, is_final = false) => ({ number, size, is_final })
const put = async (url: string | undefined, bytes: Parameters<typeof putPart>[1]) => {
  const reply = await putPart(url ?? '', bytes)
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`)
}

test('the URL of an earlier registration is refused, also with the same size', async () => {
  const asset = await createRealtime(device)
  const [stale] = await requestParts(device, asset.id, [part(1)])
  const [url] = await requestParts(device, asset.id, [part(1)])
  expect((await putPart(stale ?? '', someBytes(small))).status).toBe(403)
  await put(url, someBytes(small))
})

describe('a part that is registered anew with another size while its old PUT still runs', () => {
  test.each([
    ['smaller', small + mib, small],
    ['larger', small, small + mib],
  ])('%s: neither takes bytes of its neighbour', async (_what, before, after) => {
    const bytes = someBytes(after + small + 5, 9)
    const cut = (from: number, to: number) => bytes.subarray(from, to)
    const name = nameOfNext()
    const asset = await createRealtime(device, { name })
    const [stale] = await requestParts(device, asset.id, [part(1, before)])
    const { request, status } = startPut(stale ?? '', before)
    request.write(someBytes(mib, 3))
    await until('the old PUT writes in place', async () =>
      (await readdir(join(ingest.dir, '.rushes-uploads'))).includes(`${asset.id}.data`),
    )
    const [first, second] = await requestParts(device, asset.id, [part(1, after), part(2)])
    await put(second, cut(after, after + small))
    request.end(someBytes(before, 3).subarray(mib))
    expect(await status).toBe(403)
    await put(first, cut(0, after))
    const [final] = await requestParts(device, asset.id, [part(3, 5, true)], { asset_filesize: bytes.length })
    await put(final, cut(after + small, bytes.length))
    await untilStatus(device, asset.id, 'available')
    expect(bytes.equals(await ingest.stored.read(name))).toBe(true)
  })
})

test('a part that is on its way to its place when a lower one grows arrives there, and is moved with the others at the end', async () => {
  const shiftBytes = 999
  const bytes = someBytes(2 * small + shiftBytes + 7, 12)
  const name = nameOfNext()
  const asset = await createRealtime(device, { name })
  const [, second] = await requestParts(device, asset.id, [part(1), part(2)])
  const { request, status } = startPut(second ?? '', small)
  request.write(bytes.subarray(small + shiftBytes, small + shiftBytes + mib))
  await until('it is written in place', async () =>
    (await readdir(join(ingest.dir, '.rushes-uploads'))).includes(`${asset.id}.data`),
  )
  const [first, final] = await requestParts(device, asset.id, [part(1, small + shiftBytes), part(3, 7, true)], {
    asset_filesize: bytes.length,
  })
  request.end(bytes.subarray(small + shiftBytes + mib, 2 * small + shiftBytes))
  expect(await status).toBe(200)
  await put(first, bytes.subarray(0, small + shiftBytes))
  await put(final, bytes.subarray(2 * small + shiftBytes))
  await untilStatus(device, asset.id, 'available')
  expect(bytes.equals(await ingest.stored.read(name))).toBe(true)
  expect((await readdir(join(ingest.dir, '.rushes-uploads'))).filter((entry) => entry.startsWith(asset.id))).toEqual([])
})
