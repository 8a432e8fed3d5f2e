import { appendFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { c2cErrors } from '@rushes/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFixed, mib, putPart, someBytes, untilStatus, visibleFiles } from './support/clips.ts'
import { type Device, pairDevice } from './support/pair.ts'
import { startTestIngest, type TestIngest, viewerCookie } from './support/test-ingest.ts'

let ingest: TestIngest
let device: Device
let clipId: string
const bytes = someBytes(3 * mib + 11)

async function upload(content: Buffer<ArrayBuffer>, change: Record<string, unknown> = {}): Promise<string> {
  const asset = await createFixed(device, content, change)
  const filetype = typeof change.filetype === 'string' ? change.filetype : 'video/mp4'
  await putPart(asset.urls[0] ?? '', content, { 'content-type': filetype })
  await untilStatus(device, asset.id, 'available')
  return asset.id
}

beforeAll(async () => {
  ingest = await startTestIngest()
  device = await pairDevice(ingest)
  clipId = await upload(bytes)
})
afterAll(() => ingest.stop())

const get = (id: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${ingest.url}/clips/${id}/content`, { method, headers: { cookie: viewerCookie, ...headers } })
const bodyOf = async (response: Response) => Buffer.from(await response.arrayBuffer())

test('the whole clip comes with headers that keep a browser from running anything', async () => {
  const response = await get(clipId)
  expect(response.status).toBe(200)
  expect(bytes.equals(await bodyOf(response))).toBe(true)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'video/mp4',
    'content-length': String(bytes.length),
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
    'content-disposition': `inline; filename="C2C_TEST_CLIP.mp4"; filename*=UTF-8''C2C_TEST_CLIP.mp4`,
    'cache-control': 'private, no-cache',
  })
})

describe('a range', () => {
  const size = bytes.length
  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=100-199', 100, 200],
    ['bytes=1048576-', mib, size],
    ['bytes=-5', size - 5, size],
    [`bytes=-${size + 10}`, 0, size],
    [`bytes=${size - 1}-${size + 99}`, size - 1, size],
  ])('%s is answered 206 with exactly those bytes', async (range, start, end) => {
    const response = await get(clipId, { range })
    expect([response.status, response.headers.get('content-range')]).toEqual([206, `bytes ${start}-${end - 1}/${size}`])
    expect(bytes.subarray(start, end).equals(await bodyOf(response))).toBe(true)
  })

  test.each([`bytes=${size}-`, 'bytes=-0'])('%s is 416 with the size', async (range) => {
    const response = await get(clipId, { range })
    expect([response.status, response.headers.get('content-range')]).toEqual([416, `bytes */${size}`])
  })

  test.each(['bytes=5-4', 'bytes=0-1,5-6', 'bytes=-', 'lines=1-2', 'bytes=a-b'])(
    '%s is none, and all comes',
    async (range) => {
      expect((await get(clipId, { range })).status).toBe(200)
    },
  )

  test('counts only for the clip that the browser has', async () => {
    const etag = (await get(clipId, {}, 'HEAD')).headers.get('etag') ?? ''
    expect((await get(clipId, { range: 'bytes=0-4', 'if-range': etag })).status).toBe(206)
    expect((await get(clipId, { range: 'bytes=0-4', 'if-range': '"another"' })).status).toBe(200)
    expect((await get(clipId, { 'if-none-match': etag })).status).toBe(304)
  })
})

test('HEAD tells size and type without the bytes', async () => {
  const response = await get(clipId, {}, 'HEAD')
  expect([response.status, response.headers.get('content-length')]).toEqual([200, String(bytes.length)])
  expect((await bodyOf(response)).length).toBe(0)
})

test.each([
  ['video/quicktime', 'a.mov', 'inline', 'video/quicktime'],
  ['audio/wav', 'a.wav', 'inline', 'audio/wav'],
  ['image/jpeg', 'a.jpg', 'inline', 'image/jpeg'],
  ['image/svg+xml', 'a.svg', 'attachment', 'application/octet-stream'],
  ['text/html', 'a.html', 'attachment', 'application/octet-stream'],
  ['application/octet-stream', 'a.r3d', 'attachment', 'application/octet-stream'],
])('a clip of type %s is served %s', async (filetype, name, how, served) => {
  const response = await get(await upload(someBytes(10), { filetype, name }))
  expect(response.headers.get('content-type')).toBe(served)
  expect(response.headers.get('content-disposition')).toMatch(new RegExp(`^${how}; `))
  await response.body?.cancel()
})

test('a name of any script, with quotes and line breaks, stays inside its header', async () => {
  const response = await get(await upload(someBytes(10), { name: 'Łódź "7"\r\nx: y.mp4' }))
  expect(response.headers.get('x')).toBeNull()
  expect(response.headers.get('content-disposition')).toBe(
    `inline; filename="__d_ _7___x: y.mp4"; filename*=UTF-8''%C5%81%C3%B3d%C5%BA%20%227%22__x%3A%20y.mp4`,
  )
  await response.body?.cancel()
})

test.each([
  ['nobody is signed in', {}],
  ['the session is not one', { cookie: 'session=somebody' }],
])('when %s it is 401', async (_what, headers: Record<string, string>) => {
  const response = await fetch(`${ingest.url}/clips/${clipId}/content`, { headers })
  expect([response.status, await response.json()]).toEqual([401, c2cErrors.notAuthorized])
})

test('a device’s token does not open clips', async () => {
  const reply = await device.call('GET', `/clips/${clipId}/content`)
  expect(reply.status).toBe(401)
})

test('a clip that is not whole, or not there, is 404', async () => {
  const open = await createFixed(device, bytes)
  for (const id of [open.id, crypto.randomUUID(), 'x', '..%2f..%2fetc%2fpasswd'])
    expect((await get(id)).status).toBe(404)
})

test.each([
  ['grew', (path: string) => appendFile(path, 'x')],
  ['is gone', (path: string) => rm(path)],
])('a clip whose file %s on disk is named as missing, and no other bytes are served', async (_what, spoil) => {
  const id = await upload(someBytes(10), { name: 'spoilt.mp4' })
  const path = (await visibleFiles(ingest.dir)).find((file) => file.includes('spoilt')) ?? ''
  await spoil(join(ingest.dir, path))
  const response = await get(id)
  expect([response.status, await response.json()]).toMatchObject([404, { message: 'Clip Missing' }])
  await rm(join(ingest.dir, path), { force: true })
})

test('a browser that goes away in the middle leaves no file open', async () => {
  const response = await get(clipId)
  const reader = response.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  expect((await get(clipId, { range: 'bytes=0-1' })).status).toBe(206)
})
