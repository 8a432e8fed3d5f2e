import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { c2cErrors, detailedError } from '@rushes/protocol'
import { freshSeed, seededRandom } from '@rushes/test-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Bytes,
  createRealtime,
  mib,
  putPart,
  requestParts,
  someBytes,
  statusOf,
  storedBytes,
  untilStatus,
} from './support/clips.ts'
import { type Device, moveDevice, pairDevice } from './support/pair.ts'
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
const post = (id: string, body: unknown) => device.call('POST', `/v2/devices/assets/${id}/realtime_upload/parts`, body)
const put = async (url: string | undefined, bytes: Bytes) => {
  const reply = await putPart(url ?? '', bytes)
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`)
}

test('the two halves of the guide go up under a name that comes with the last', async () => {
  const bytes = someBytes(21_136_250)
  const [head, tail] = [bytes.subarray(0, 10_568_125), bytes.subarray(10_568_125)]
  const asset = await createRealtime(device)
  expect(asset).toEqual({ id: asset.id, name: '[new file].mp4' })
  const [first] = await requestParts(device, asset.id, [part(1, head.length)])
  await put(first, head)
  const name = nameOfNext()
  const rest = { asset_name: name, asset_filesize: bytes.length }
  const [second] = await requestParts(device, asset.id, [part(2, tail.length, true)], rest)
  await put(second, tail)
  await untilStatus(device, asset.id, 'available')
  expect(bytes.equals(await storedBytes(ingest.dir, name))).toBe(true)
})

test('a reserved head goes up last as part 1: the parts after it wait apart and are moved to their places', async () => {
  const bytes = someBytes(3 * small + 1_000, 7)
  const cut = (from: number, to: number) => bytes.subarray(from, to)
  const name = nameOfNext()
  const asset = await createRealtime(device, { name })
  const [second, third] = await requestParts(device, asset.id, [part(2), part(3)])
  await put(third, cut(2 * small, 3 * small))
  await put(second, cut(small, 2 * small))
  const [first, final] = await requestParts(device, asset.id, [part(1), part(4, 1_000, true)], {
    asset_filesize: bytes.length,
  })
  await put(first, cut(0, small))
  await put(final, cut(3 * small, bytes.length))
  await untilStatus(device, asset.id, 'available')
  expect(bytes.equals(await storedBytes(ingest.dir, name))).toBe(true)
})

test('parts in any order, with skipped numbers and repeated tries, are assembled in order of their numbers', async () => {
  const seed = freshSeed()
  const random = seededRandom(seed)
  console.log(`seed ${seed}`)
  const numbers = [...new Set(Array.from({ length: 6 }, () => random.integer(1, 10_000)))].sort((a, b) => a - b)
  const pieces = numbers.map((number, i) => ({ number, bytes: someBytes(small + random.integer(0, 5_000), i + 2) }))
  const whole = Buffer.concat(pieces.map((piece) => piece.bytes))
  const name = nameOfNext()
  const asset = await createRealtime(device, { name })
  const last = pieces.at(-1)
  for (const piece of random.shuffle(pieces.filter((candidate) => candidate !== last))) {
    const [stale] = await requestParts(device, asset.id, [part(piece.number, piece.bytes.length)])
    const [url] = await requestParts(device, asset.id, [part(piece.number, piece.bytes.length)])
    expect((await putPart(stale ?? '', piece.bytes)).status).toBe(403)
    await put(url, piece.bytes)
    if (random.integer(0, 1) === 1) await put(url, piece.bytes)
  }
  if (last === undefined) throw new Error('there is a last piece')
  const [final] = await requestParts(device, asset.id, [part(last.number, last.bytes.length, true)], {
    asset_filesize: whole.length,
  })
  await put(final, last.bytes)
  await untilStatus(device, asset.id, 'available')
  expect(whole.equals(await storedBytes(ingest.dir, name)), `seed ${seed}`).toBe(true)
})

test('URLs come in the order of the request, not of the numbers', async () => {
  const asset = await createRealtime(device)
  const urls = await requestParts(device, asset.id, [part(7), part(2), part(5)])
  expect(urls.map((url) => /parts\/[^/]+\/(\d+)\//.exec(url)?.[1])).toEqual(['7', '2', '5'])
})

describe('a request is 400 and changes nothing', () => {
  test.each([
    ['without parts', { parts: [] }],
    ['for part 0', { parts: [part(0)] }],
    ['for part 10,001', { parts: [part(10_001)] }],
    ['for half a part', { parts: [part(1.5)] }],
    ['for an empty part', { parts: [part(1, 0)] }],
    ['for a part of more than 5 GiB', { parts: [part(1, 5_368_709_121)] }],
    ['that does not say whether it is final', { parts: [{ number: 1, size: small }] }],
    ['for a part below 5 MiB that is not final', { parts: [part(1, small - 1)] }],
    ['for one number twice', { parts: [part(1), part(1)] }],
    ['for two final parts', { asset_filesize: 2, parts: [part(1, 1, true), part(2, 1, true)] }],
    ['for a final part below another', { asset_filesize: 2 * small, parts: [part(1, small, true), part(2)] }],
    ['for a final part without the size of the asset', { parts: [part(1, 5, true)] }],
    ['for a size that is not the sum', { asset_filesize: 6, parts: [part(1, 5, true)] }],
    ['for a size beyond 5 TiB', { asset_filesize: 5_497_558_138_881, parts: [part(1, 5, true)] }],
    ['with a name that has no extension', { asset_name: 'clip', parts: [part(1)] }],
  ])('%s', async (_what, body) => {
    const asset = await createRealtime(device)
    const reply = await post(asset.id, body)
    expect(reply.status).toBe(400)
    expect(detailedError.safeParse(reply.body).success).toBe(true)
    expect((await statusOf(device, asset.id)).missing).toEqual([])
  })
})

test.each([
  ['an asset that is not there', () => crypto.randomUUID()],
  ['an id that is none', () => 'x'],
])('of %s is 404', async (_what, id) => {
  expect(await post(id(), { parts: [part(1)] })).toMatchObject({ status: 404, body: c2cErrors.notFound })
})

test('the name is taken once: while it is the default one, and not again', async () => {
  const nameOf = async (id: string) =>
    (await ingest.database.pool.query('select name from assets where id = $1', [id])).rows[0]?.name
  const nameless = await createRealtime(device)
  await requestParts(device, nameless.id, [part(1)], { asset_name: 'first.mp4' })
  await requestParts(device, nameless.id, [part(2)], { asset_name: 'second.mp4' })
  expect(await nameOf(nameless.id)).toBe('first.mp4')
  const named = await createRealtime(device, { name: 'own.mp4' })
  await requestParts(device, named.id, [part(1)], { asset_name: 'other.mp4' })
  expect(await nameOf(named.id)).toBe('own.mp4')
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
    expect(bytes.equals(await storedBytes(ingest.dir, name))).toBe(true)
  })
})

describe('when the final part is in and others are not', () => {
  const begin = async () => {
    const asset = await createRealtime(device, { name: nameOfNext() })
    const rest = { asset_filesize: 2 * small + 5 }
    const urls = await requestParts(device, asset.id, [part(1), part(4), part(9, 5, true)], rest)
    await put(urls[2], someBytes(5))
    return { asset, urls }
  }

  test('the grace passes, the clip fails with their numbers, and is never assembled with a hole', async () => {
    const { asset, urls } = await begin()
    await put(urls[0], someBytes(small))
    expect((await statusOf(device, asset.id)).status).toBe('created')
    await ingest.database.pool.query("update assets set final_part_at = now() - interval '61 seconds' where id = $1", [
      asset.id,
    ])
    await untilStatus(device, asset.id, 'failed')
    expect((await statusOf(device, asset.id)).missing).toEqual([4])
    const { rows } = await ingest.database.pool.query('select ended_because, ended_detail from assets where id = $1', [
      asset.id,
    ])
    expect(rows).toEqual([{ ended_because: 'partsMissing', ended_detail: expect.stringMatching(/: 4$/) }])
    expect((await putPart(urls[1] ?? '', someBytes(small))).status).toBe(404)
    expect((await post(asset.id, { parts: [part(4)] })).status).toBe(404)
  })

  test('stragglers within the grace make it whole', async () => {
    const { asset, urls } = await begin()
    await put(urls[1], someBytes(small))
    await put(urls[0], someBytes(small))
    await untilStatus(device, asset.id, 'available')
  })
})

test('once every part is in, no new one can be registered, and a repeated request is answered', async () => {
  const asset = await createRealtime(device, { name: nameOfNext() })
  const request = { asset_filesize: 5, parts: [part(1, 5, true)] }
  const [url] = await requestParts(device, asset.id, request.parts, { asset_filesize: 5 })
  await put(url, someBytes(5))
  await untilStatus(device, asset.id, 'available')
  expect((await post(asset.id, request)).status).toBe(200)
  expect((await post(asset.id, { parts: [part(2)] })).status).toBe(400)
})

test('a move closes what is unfinished: its URLs are dead and nothing of it appears in either project', async () => {
  const camera = await pairDevice(ingest)
  const asset = await createRealtime(camera, { name: nameOfNext() })
  const [first, second] = await requestParts(camera, asset.id, [part(1), part(2)])
  await put(first, someBytes(small))
  await moveDevice(ingest, camera, await ingest.createProject('Other'))
  expect((await putPart(second ?? '', someBytes(small))).status).toBe(404)
  await until('the asset is closed', async () => {
    const { rows } = await ingest.database.pool.query('select state, ended_because from assets where id = $1', [
      asset.id,
    ])
    return rows[0]?.state === 'closed' && rows[0].ended_because === 'projectChanged'
  })
})
