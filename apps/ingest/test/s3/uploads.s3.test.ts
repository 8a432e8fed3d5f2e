import { type HttpFaultProxy, startHttpFaultProxy } from '@rushes/test-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Bytes,
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
} from '../support/clips.ts'
import { type Device, moveDevice, pairDevice } from '../support/pair.ts'
import { startTestIngest, type TestIngest } from '../support/test-ingest.ts'
import { until } from '../support/until.ts'

/** Stands between ingest, its devices and the bucket. */
let proxy: HttpFaultProxy
let ingest: TestIngest
let device: Device
beforeAll(async () => {
  ingest = await startTestIngest({
    limits: { agentLookMs: 200 },
    storeThrough: async (endpoint) => {
      proxy = await startHttpFaultProxy({ upstream: endpoint })
      return proxy.url
    },
  })
  device = await pairDevice(ingest)
})
afterAll(async () => {
  await ingest?.stop()
  await proxy?.close()
})

const small = 5 * mib
let nth = 0
async function twoParts(name = `clip-${++nth}.mp4`) {
  const bytes = someBytes(12 * mib + 5, nth)
  const { id, urls } = await createFixed(device, bytes, { name, parts: 2 })
  const [head = bytes, tail = bytes] = split(bytes, 2)
  const send = async (number: 1 | 2, piece: Bytes = number === 1 ? head : tail) =>
    (await putPart(urls[number - 1] ?? '', piece)).status
  return { id, name, bytes, head, tail, urls, send, key: `clips/${id}` }
}
const openUploads = async (key: string) => (await ingest.bucket?.openUploads(key)) ?? []
const stateOf = async (id: string) =>
  (await ingest.database.pool.query('select state, ended_because from assets where id = $1', [id])).rows[0]
const untilState = (id: string, state: string) =>
  until(`it is ${state}`, async () => (await stateOf(id))?.state === state)
const completions = { method: 'POST', path: /uploadId=/ } as const
const xml = (code: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>m</Message></Error>`
const headers = { 'content-type': 'application/xml' }

test('no byte of a clip passes through ingest: parts go to the bucket, which keeps them under the id of the clip', async () => {
  const clip = await twoParts()
  for (const url of clip.urls) expect(new URL(url).origin).toBe(proxy.url)
  expect([await clip.send(1), await clip.send(2)]).toEqual([200, 200])
  await untilStatus(device, clip.id, 'available')
  expect(await ingest.bucket?.keys()).toContain(clip.key)
  expect(await openUploads(clip.key)).toEqual([])
})

test('a device that never asks, nor tells digests, has its clip all the same: the bucket is asked again and again', async () => {
  const clip = await twoParts()
  await clip.send(2)
  await until('one part is noticed', async () => {
    const { rows } = await ingest.database.pool.query(
      'select number from asset_parts where asset_id = $1 and acknowledged_at is not null',
      [clip.id],
    )
    return rows.length === 1 && rows[0]?.number === 2
  })
  await clip.send(1)
  await untilState(clip.id, 'available')
  expect(clip.bytes.equals(await ingest.stored.read(clip.name))).toBe(true)
})

test('the custody call alone makes a clip of what has arrived, and verifies it', async () => {
  const clip = await twoParts()
  await ingest.database.pool.query("update store_uploads set look_at = now() + interval '1 hour' where asset_id = $1", [
    clip.id,
  ])
  await clip.send(1)
  await clip.send(2)
  const parts = [
    { number: 1, offset: 0, size: clip.head.length, xxh64: xxh64Of(clip.head) },
    { number: 2, offset: clip.head.length, size: clip.tail.length, xxh64: xxh64Of(clip.tail) },
  ]
  expect((await device.call('PUT', `/v2/devices/assets/${clip.id}/custody`, { parts })).body).toMatchObject({
    missing: [],
  })
  await untilVerified(device, clip.id, 'verified')
})

describe('completing', () => {
  test.each(['InternalError', 'SlowDown'])('that is answered 200 with %s in it is done again', async (code) => {
    const clip = await twoParts()
    const fault = proxy.inject({ kind: 'reply', status: 200, headers, body: xml(code) }, { when: completions, nth: 1 })
    await clip.send(1)
    await clip.send(2)
    await untilState(clip.id, 'available')
    expect(fault.hitCount).toBe(1)
    expect(clip.bytes.equals(await ingest.stored.read(clip.name))).toBe(true)
  })

  test('whose reply is lost, each time, is known by the object that stands there', async () => {
    const clip = await twoParts()
    const fault = proxy.inject({ kind: 'loseReply' }, { when: completions })
    await clip.send(1)
    await clip.send(2)
    await until('it was tried', () => fault.hitCount >= 1)
    await until('the object stands there', async () => (await ingest.bucket?.keys())?.includes(clip.key))
    proxy.heal()
    await until('the clip is available', async () => (await stateOf(clip.id))?.state === 'available', 30_000)
    expect(clip.bytes.equals(await ingest.stored.read(clip.name))).toBe(true)
  })

  test('that the bucket will never do fails the clip by name, and frees what was sent', async () => {
    const clip = await twoParts()
    proxy.inject({ kind: 'reply', status: 400, headers, body: xml('EntityTooSmall') }, { when: completions })
    await clip.send(1)
    await clip.send(2)
    await untilState(clip.id, 'failed')
    proxy.heal()
    expect(await stateOf(clip.id)).toMatchObject({ ended_because: 'refusedByStore' })
    await until('nothing is left in the bucket', async () => (await openUploads(clip.key)).length === 0)
  })
})

test('a bucket that cannot be asked for a while fails no clip, and is asked again', async () => {
  const clip = await twoParts()
  await clip.send(1)
  proxy.inject(
    { kind: 'reply', status: 503, headers, body: xml('SlowDown') },
    { when: { method: 'GET', path: /uploadId=/ } },
  )
  expect(await statusOf(device, clip.id)).toMatchObject({ status: 'created' })
  proxy.heal()
  await clip.send(2)
  await untilStatus(device, clip.id, 'available')
})

test('a create whose upload could not be opened is answered as a failure, and its repetition makes the same clip', async () => {
  const lost = proxy.inject({ kind: 'loseReply' }, { when: { method: 'POST', path: /\?uploads/ }, nth: 1, times: 3 })
  const request = { name: 'again.mp4', filetype: 'video/mp4', filesize: 10, offset: 0 }
  const call = () => device.call('POST', '/v2/devices/assets', request, { 'idempotency-key': 'again' })
  expect((await call()).status).toBe(503)
  expect(lost.hitCount).toBe(3)
  proxy.heal()
  const [first, second] = [await call(), await call()]
  const {
    id,
    upload_urls: [url],
  } = first.body as { id: string; upload_urls: [string] }
  expect(second.body).toMatchObject({ id })
  // The upload that was opened without anybody hearing of it is taken up, not left behind.
  await putPart(url, someBytes(10))
  await untilStatus(device, id, 'available')
})

test('an upload that somebody ended in the bucket fails its clip', async () => {
  const clip = await twoParts()
  await clip.send(1)
  await ingest.bucket?.abortAll(clip.key)
  await untilState(clip.id, 'failed')
  expect(await stateOf(clip.id)).toMatchObject({ ended_because: 'storedBytesLost' })
})

test('what a moved device had sent is freed, and its URLs die', async () => {
  const camera = await pairDevice(ingest)
  const bytes = someBytes(12 * mib)
  const { id, urls } = await createFixed(camera, bytes, { name: 'left.mp4', parts: 2 })
  expect((await putPart(urls[0] ?? '', bytes.subarray(0, 6 * mib))).status).toBe(200)
  await moveDevice(ingest, camera, await ingest.createProject('Elsewhere'))
  await until('nothing is left in the bucket', async () => (await openUploads(`clips/${id}`)).length === 0)
  expect((await putPart(urls[1] ?? '', bytes.subarray(6 * mib))).status).toBe(404)
  await until('it is forgotten', async () => {
    const { rows } = await ingest.database.pool.query('select from store_uploads where asset_id = $1', [id])
    return rows.length === 0
  })
})

test('an upload of which nothing is heard for seven days is given up', async () => {
  const clip = await twoParts()
  await ingest.whileStopped(() =>
    ingest.database.pool.query("update store_uploads set news_at = now() - interval '8 days' where asset_id = $1", [
      clip.id,
    ]),
  )
  await untilState(clip.id, 'failed')
  expect(await stateOf(clip.id)).toMatchObject({ ended_because: 'abandoned' })
})

describe('a part', () => {
  test('by the URL of an earlier registration with another size takes the place of the right one, which is asked for again', async () => {
    const { id } = await createRealtime(device, { name: `take-${++nth}.mp4` })
    const part = (number: number, size: number, is_final = false) => ({ number, size, is_final })
    const [stale = ''] = await requestParts(device, id, [part(1, small + mib)])
    const [fresh = ''] = await requestParts(device, id, [part(1, small)])
    expect((await putPart(fresh, someBytes(small))).status).toBe(200)
    expect((await statusOf(device, id)).missing).toEqual([])
    expect((await putPart(stale, someBytes(small + mib))).status).toBe(200) // no bucket can take a URL back
    expect((await statusOf(device, id)).missing).toEqual([1])
    expect((await putPart(fresh, someBytes(small))).status).toBe(200)
    const [final = ''] = await requestParts(device, id, [part(2, 5, true)], { asset_filesize: small + 5 })
    await putPart(final, someBytes(5))
    await untilStatus(device, id, 'available')
  })

  test.each([
    ['another content type', { 'content-type': 'video/quicktime' }, 0],
    ['another ACL', { 'x-amz-acl': 'public-read' }, 0],
    ['a byte less', {}, -1],
  ])('with %s than was signed is 403 in the words of stores', async (_what, change: Record<string, string>, less) => {
    const bytes = someBytes(1_000)
    const { urls } = await createFixed(device, bytes, { name: `clip-${++nth}.mp4` })
    const reply = await putPart(urls[0] ?? '', bytes.subarray(0, bytes.length + less), change)
    expect([reply.status, /<Code>(\w+)</.exec(reply.text)?.[1]]).toEqual([403, 'SignatureDoesNotMatch'])
  })

  test('sent again after its clip is whole is 404 at the bucket; by URLs that are asked for anew it is compared, and equal', async () => {
    const bytes = someBytes(1_000, 77)
    const request = { name: 'whole.mp4', filetype: 'video/mp4', filesize: bytes.length, offset: 0 }
    const create = async () => {
      const reply = await device.call('POST', '/v2/devices/assets', request, { 'idempotency-key': 'whole' })
      const { id, upload_urls } = reply.body as { id: string; upload_urls: string[] }
      return { id, url: upload_urls[0] ?? '' }
    }
    const { id, url } = await create()
    await putPart(url, bytes)
    await untilStatus(device, id, 'available')
    expect((await putPart(url, bytes)).status).toBe(404)
    const again = await create()
    expect([again.id, new URL(again.url).origin]).toEqual([id, ingest.url])
    expect((await putPart(again.url, bytes)).status).toBe(200)
    expect((await putPart(again.url, someBytes(1_000, 78))).status).toBe(404)
  })
})
