import { freshSeed, seededRandom } from '@rushes/test-kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Bytes,
  createRealtime,
  mib,
  putPart,
  requestParts,
  someBytes,
  statusOf,
  untilStatus,
} from './support/clips.ts'
import { type Device, pairDevice } from './support/pair.ts'
import { startTestIngest, type TestIngest } from './support/test-ingest.ts'

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
  expect(bytes.equals(await ingest.stored.read(name))).toBe(true)
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
  expect(bytes.equals(await ingest.stored.read(name))).toBe(true)
})

test('a head that turns out longer than it was registered goes up last as part 1, and nothing that has arrived goes up again', async () => {
  const shiftBytes = 4_321
  const bytes = someBytes(4 * small + shiftBytes + 1_000, 11)
  const at = (number: number) => (number === 1 ? 0 : (number - 1) * small + shiftBytes)
  const name = nameOfNext()
  const asset = await createRealtime(device, { name })
  const [, second, third, fourth] = await requestParts(device, asset.id, [part(1), part(2), part(3), part(4)])
  await put(second, bytes.subarray(at(2), at(3)))
  await put(third, bytes.subarray(at(3), at(4)))
  const [first, final] = await requestParts(device, asset.id, [part(1, small + shiftBytes), part(5, 1_000, true)], {
    asset_filesize: bytes.length,
  })
  // The address that it was given before it was known that it would move.
  await put(fourth, bytes.subarray(at(4), at(5)))
  await put(second, bytes.subarray(at(2), at(3)))
  await put(first, bytes.subarray(0, at(2)))
  expect((await statusOf(device, asset.id)).missing).toEqual([5])
  await put(final, bytes.subarray(at(5)))
  await untilStatus(device, asset.id, 'available')
  expect(bytes.equals(await ingest.stored.read(name))).toBe(true)
  const places = 'select offset_bytes::integer from asset_parts where asset_id = $1 order by number'
  const { rows } = await ingest.database.pool.query(places, [asset.id])
  expect(rows.map((row) => row.offset_bytes)).toEqual([0, at(2), at(3), at(4), at(5)])
  // Whose reply was lost: the same bytes are known where they lie now, others are not.
  const [again] = await requestParts(device, asset.id, [part(3)])
  await put(again, bytes.subarray(at(3), at(4)))
  expect((await putPart(again ?? '', someBytes(small, 99))).status).toBe(404)
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
    await requestParts(device, asset.id, [part(piece.number, piece.bytes.length)])
    const [url] = await requestParts(device, asset.id, [part(piece.number, piece.bytes.length)])
    await put(url, piece.bytes)
    if (random.integer(0, 1) === 1) await put(url, piece.bytes)
  }
  if (last === undefined) throw new Error('there is a last piece')
  const [final] = await requestParts(device, asset.id, [part(last.number, last.bytes.length, true)], {
    asset_filesize: whole.length,
  })
  await put(final, last.bytes)
  await untilStatus(device, asset.id, 'available')
  expect(whole.equals(await ingest.stored.read(name)), `seed ${seed}`).toBe(true)
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
