import { assetCustody } from '@rushes/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  createFixed,
  createRealtime,
  mib,
  putPart,
  requestParts,
  someBytes,
  split,
  statusOf,
  untilStatus,
  untilVerified,
  xxh64Of,
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

let nth = 0
async function clip() {
  nth += 1
  const bytes = someBytes(12 * mib + 5, nth)
  const name = `custody-${nth}.mp4`
  const { id, urls } = await createFixed(device, bytes, { name, parts: 2 })
  const pieces = split(bytes, 2)
  let offset = 0
  const parts = pieces.map((piece, i) => {
    const part = { number: i + 1, offset, size: piece.length, xxh64: xxh64Of(piece) }
    offset += piece.length
    return part
  })
  const upload = async () => {
    for (const [i, piece] of pieces.entries()) await putPart(urls[i] ?? '', piece)
  }
  const tell = (body: unknown) => device.call('PUT', `/v2/devices/assets/${id}/custody`, body)
  return { id, name, bytes, parts, upload, tell }
}

test('stored bytes that equal the device’s digests are verified, whether these come before or after the last part', async () => {
  for (const order of ['before', 'after']) {
    const it = await clip()
    const whole = { parts: it.parts, fileXxh64: xxh64Of(it.bytes), relativePath: 'A001/x.mp4', volumeId: 'card-1' }
    if (order === 'before') expect((await it.tell(whole)).status).toBe(200)
    await it.upload()
    if (order === 'after') {
      await untilStatus(device, it.id, 'available')
      expect(assetCustody.parse((await it.tell(whole)).body)).toMatchObject({ status: 'available' })
    }
    expect(await untilVerified(device, it.id, 'verified')).toEqual({
      id: it.id,
      status: 'available',
      verified: 'verified',
      missing: [],
      mismatch: null,
    })
    // A lost reply: nothing is read a second time.
    expect(assetCustody.parse((await it.tell(whole)).body).verified).toBe('verified')
  }
})

test('a digest that was told of a part before it was registered with another size is compared with nothing', async () => {
  const { id } = await createRealtime(device)
  const final = (size: number) =>
    requestParts(device, id, [{ number: 1, size, is_final: true }], { asset_filesize: size })
  await final(1_000)
  const parts = [{ number: 1, offset: 0, size: 1_000, xxh64: xxh64Of(someBytes(1_000)) }]
  expect((await device.call('PUT', `/v2/devices/assets/${id}/custody`, { parts })).status).toBe(200)
  const [url = ''] = await final(900)
  expect((await putPart(url, someBytes(900))).status).toBe(200)
  expect(await untilStatus(device, id, 'available')).toMatchObject({ verified: 'sizeChecked', mismatch: null })
})

test('the digest of the whole file that comes after the verification is kept, and nothing is read again for it', async () => {
  const it = await clip()
  await it.upload()
  await it.tell({ parts: it.parts })
  await untilVerified(device, it.id, 'verified')
  const told = await it.tell({ parts: it.parts, fileXxh64: xxh64Of(it.bytes) })
  expect(assetCustody.parse(told.body).verified).toBe('verified')
  const own = await device.call('GET', '/v2/devices/assets')
  expect(own.body).toMatchObject({
    assets: expect.arrayContaining([expect.objectContaining({ id: it.id, fileXxh64: xxh64Of(it.bytes) })]),
  })
  // Told without it once more, it is known all the same; another one is no proof.
  await it.tell({ parts: it.parts })
  expect((await device.call('GET', '/v2/devices/assets')).body).toMatchObject({
    assets: expect.arrayContaining([expect.objectContaining({ id: it.id, fileXxh64: xxh64Of(it.bytes) })]),
  })
  await it.tell({ parts: it.parts, fileXxh64: '0000000000000000' })
  await untilVerified(device, it.id, 'mismatch')
})

test('without digests a whole clip is size-checked, no more', async () => {
  const it = await clip()
  await it.upload()
  expect(await untilStatus(device, it.id, 'available')).toMatchObject({ verified: 'sizeChecked', mismatch: null })
})

test('the first part that differs is named', async () => {
  const it = await clip()
  await it.upload()
  const wrong = it.parts.map((part) => (part.number === 2 ? { ...part, xxh64: '0000000000000000' } : part))
  await it.tell({ parts: wrong })
  expect(await untilVerified(device, it.id, 'mismatch')).toMatchObject({ mismatch: 2 })
  await it.tell({ parts: it.parts })
  expect(await untilVerified(device, it.id, 'verified')).toMatchObject({ mismatch: null })
})

test('parts that are equal and a file that is not are no proof', async () => {
  const it = await clip()
  await it.upload()
  await it.tell({ parts: it.parts, fileXxh64: '0000000000000000' })
  await untilVerified(device, it.id, 'mismatch')
})

describe('a stored clip', () => {
  test.each([
    ['was changed', (bytes: Buffer) => Buffer.from(bytes).fill(7, bytes.length - 9), 2],
    ['was cut', (bytes: Buffer) => bytes.subarray(0, 100), 1],
    ['grew', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')]), 2],
    ['is gone', () => null, 1],
  ])('that %s in the store is a mismatch', async (_what, spoil, number) => {
    const it = await clip()
    await it.upload()
    await untilStatus(device, it.id, 'available')
    await ingest.stored.replace(it.name, spoil(it.bytes))
    await it.tell({ parts: it.parts })
    expect(await untilVerified(device, it.id, 'mismatch')).toMatchObject({ mismatch: number })
  })
})

describe('a custody call', () => {
  test.each([
    ['that leaves out a part', (parts: { number: number }[]) => parts.slice(1), 422],
    ['with a part more', (parts: { number: number }[]) => [...parts, { ...parts[0], number: 3 }], 422],
    ['with another size', (parts: object[]) => parts.map((part) => ({ ...part, size: 5 })), 422],
    ['with another offset', (parts: object[]) => parts.map((part) => ({ ...part, offset: 1 })), 422],
    ['without parts', () => [], 400],
    [
      'with a digest in capitals',
      (parts: object[]) => parts.map((part) => ({ ...part, xxh64: 'EF46DB3751D8E999' })),
      400,
    ],
  ])('%s is refused', async (_what, change, status) => {
    const it = await clip()
    expect((await it.tell({ parts: change(it.parts) })).status).toBe(status)
  })

  test('of an asset that is not there is 404', async () => {
    const it = await clip()
    const reply = await device.call('PUT', `/v2/devices/assets/${crypto.randomUUID()}/custody`, { parts: it.parts })
    expect(reply.status).toBe(404)
  })

  test('that a stop cut short is taken up at the next start', async () => {
    const it = await clip()
    await it.upload()
    await untilStatus(device, it.id, 'available')
    await ingest.database.pool.query("update assets set custody = 'pending' where id = $1", [it.id])
    for (const part of it.parts)
      await ingest.database.pool.query('update asset_parts set device_xxh64 = $3 where asset_id = $1 and number = $2', [
        it.id,
        part.number,
        part.xxh64,
      ])
    await ingest.restart()
    await untilVerified(device, it.id, 'verified')
  })
})

test('a device lists its own clips page by page, for rebuilding its queue', async () => {
  const camera = await pairDevice(ingest)
  const made = []
  for (let i = 0; i < 3; i++) made.push((await createFixed(camera, someBytes(10), { name: `${i}.mp4` })).id)
  const page = z.object({
    assets: z.array(z.object({ id: z.string(), name: z.string(), filesize: z.number() })),
    next: z.string().nullable(),
  })
  const list = async (query: string) => page.parse((await camera.call('GET', `/v2/devices/assets${query}`)).body)
  expect((await list('')).assets.map((asset) => asset.id)).toEqual(made)
  expect((await list('?since=2020-01-01T00:00:00Z')).assets).toHaveLength(3)
  expect((await list(`?since=${new Date(Date.now() + 60_000).toISOString()}`)).assets).toEqual([])
  const { rows } = await ingest.database.pool.query('select created_at from assets where id = $1', [made[0]])
  expect((await list(`?after=${rows[0]?.created_at.getTime()}.${made[0]}`)).assets.map((asset) => asset.id)).toEqual(
    made.slice(1),
  )
  for (const query of ['since=0000-01-01T00:00:00Z', 'since=0001-01-01T00:00:00%2B23:59'])
    expect((await list(`?${query}`)).assets).toHaveLength(3)
  expect((await list('?since=9999-12-31T23:59:59-23:59')).assets).toEqual([])
  for (const query of ['since=yesterday', `after=1.${'-'.repeat(36)}`, `after=${'9'.repeat(15)}.${made[0]}`])
    expect((await camera.call('GET', `/v2/devices/assets?${query}`)).status).toBe(400)
  expect((await statusOf(camera, made[0] ?? '')).status).toBe('created')
})
