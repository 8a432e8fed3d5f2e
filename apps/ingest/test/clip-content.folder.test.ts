import { appendFile, readdir, readlink, rm, truncate } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { restoreClips, trashClips } from '@rushes/fleet'
import { c2cErrors } from '@rushes/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFixed, mib, putPart, someBytes, statusOf, untilStatus, visibleFiles } from './support/clips.ts'
import { ana, type Device, pairDevice } from './support/pair.ts'
import { operatorCookie, startTestIngest, type TestIngest, viewerCookie } from './support/test-ingest.ts'
import { until } from './support/until.ts'

let ingest: TestIngest
let device: Device
let clipId: string
const bytes = someBytes(3 * mib + 11)

/** `stored`: the name that it has from then on, such as one that the device API would not take. */
async function upload(
  content: Buffer<ArrayBuffer>,
  change: Record<string, unknown> = {},
  stored: string | null = null,
): Promise<string> {
  const asset = await createFixed(device, content, { parts: 1, ...change })
  const filetype = typeof change.filetype === 'string' ? change.filetype : 'video/mp4'
  await putPart(asset.urls[0] ?? '', content, { 'content-type': filetype })
  await untilStatus(device, asset.id, 'available')
  if (stored !== null) await ingest.database.pool.query('update assets set name = $2 where id = $1', [asset.id, stored])
  return asset.id
}

beforeAll(async () => {
  ingest = await startTestIngest({ limits: { playbackIdleMs: 1_500 } })
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
    'cross-origin-resource-policy': 'same-origin',
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
    [`Bytes=7-${'9'.repeat(400)}`, 7, size],
    [`bytes=-${'9'.repeat(400)}`, 0, size],
  ])('%s is answered 206 with exactly those bytes', async (range, start, end) => {
    const response = await get(clipId, { range })
    expect([response.status, response.headers.get('content-range')]).toEqual([206, `bytes ${start}-${end - 1}/${size}`])
    expect(bytes.subarray(start, end).equals(await bodyOf(response))).toBe(true)
  })

  test.each([`bytes=${size}-`, 'bytes=-0', `bytes=${'9'.repeat(400)}-`, `bytes=${size}-${size}`])(
    '%s is 416 with the size',
    async (range) => {
      const response = await get(clipId, { range })
      expect([response.status, response.headers.get('content-range')]).toEqual([416, `bytes */${size}`])
    },
  )

  test.each([
    ...['bytes=5-4', 'bytes=0-1,5-6', 'bytes=-', 'lines=1-2', 'bytes=a-b', 'bytes=0x1-5', 'bytes=1.5-3', 'bytes=--5'],
    `bytes=${Array.from({ length: 1_500 }, () => '0-').join(',')}`,
  ])('%s is none, and all comes', async (range) => {
    expect((await get(clipId, { range })).status).toBe(200)
  })

  test('counts only for the clip that the browser has', async () => {
    const etag = (await get(clipId, {}, 'HEAD')).headers.get('etag') ?? ''
    expect((await get(clipId, { range: 'bytes=0-4', 'if-range': etag })).status).toBe(206)
    expect((await get(clipId, { range: 'bytes=0-4', 'if-range': '"another"' })).status).toBe(200)
    // A date tells nothing here: no Last-Modified was ever sent.
    expect((await get(clipId, { range: 'bytes=0-4', 'if-range': new Date().toUTCString() })).status).toBe(200)
  })

  test('means nothing to HEAD', async () => {
    const response = await get(clipId, { range: 'bytes=0-4' }, 'HEAD')
    expect([response.status, response.headers.get('content-length')]).toEqual([200, String(size)])
  })

  test.each([
    ['its tag', (etag: string) => etag],
    ['its tag among others', (etag: string) => `"another", W/${etag}`],
    ['anything', () => '*'],
  ])('and the bytes are spared a browser that has %s', async (_what, known) => {
    const etag = (await get(clipId, {}, 'HEAD')).headers.get('etag') ?? ''
    expect((await get(clipId, { 'if-none-match': known(etag) })).status).toBe(304)
    expect((await get(clipId, { 'if-none-match': '"another"' }, 'HEAD')).status).toBe(200)
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
  ['audio/x-mpegurl', 'a.m3u8', 'attachment', 'application/octet-stream'],
  ['image/svg+xml', 'a.svg', 'attachment', 'application/octet-stream'],
  ['text/html', 'a.html', 'attachment', 'application/octet-stream'],
  ['application/octet-stream', 'a.r3d', 'attachment', 'application/octet-stream'],
])('a clip of type %s is served %s', async (filetype, name, how, served) => {
  const response = await get(await upload(someBytes(10), { filetype, name }))
  expect(response.headers.get('content-type')).toBe(served)
  expect(response.headers.get('content-disposition')).toMatch(new RegExp(`^${how}; `))
  await response.body?.cancel()
})

test.each([
  [
    'of any script, with quotes and line breaks',
    'Łódź "7"\r\nx: y.mp4',
    `filename="__d_ _7___x_ y.mp4"; filename*=UTF-8''%C5%81%C3%B3d%C5%BA%20_7___x_%20y.mp4`,
  ],
  ['that would leave a folder', '../..\\etc/passwd', `filename="___.._etc_passwd"; filename*=UTF-8''___.._etc_passwd`],
  ['that turns the reading direction', 'gpj.\u202emp4', `filename="gpj.mp4"; filename*=UTF-8''gpj.mp4`],
  [
    'with a percent sign and brackets',
    "100%'(a)*.mp4",
    `filename="100_'(a)_.mp4"; filename*=UTF-8''100%25%27%28a%29_.mp4`,
  ],
  ['with half a character', 'a\ud800b.mp4', `filename="a_b.mp4"; filename*=UTF-8''a%EF%BF%BDb.mp4`],
])('a name %s stays inside its header', async (_what, name, parameters) => {
  const response = await get(await upload(someBytes(10), { name: 'plain.mp4' }, name))
  expect([...response.headers.keys()]).not.toContain('x')
  expect(response.headers.get('content-disposition')).toBe(`inline; ${parameters}`)
  await response.body?.cancel()
})

test('a name of four kilobytes is shortened, its ending kept, so that the header fits through every proxy', async () => {
  const response = await get(await upload(someBytes(10), { name: 'plain.mp4' }, `${'あ'.repeat(1_400)}.mp4`))
  const header = response.headers.get('content-disposition') ?? ''
  expect(header.length).toBeLessThan(1_024)
  expect(header).toMatch(/\.mp4$/)
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

test('whatever headers and addresses come, the answer is a documented one and has no more bytes than the clip', async () => {
  const size = bytes.length
  const number = fc.oneof(fc.nat({ max: 2 * size }).map(String), fc.constantFrom('', '-1', '9'.repeat(30), '0x1', ' '))
  const stretch = fc.tuple(number, number).map(([first, last]) => `${first}-${last}`)
  const printable = fc.stringMatching(/^[ -~]{0,80}$/)
  const range = fc.oneof(
    stretch.map((one) => `bytes=${one}`),
    fc.array(stretch, { maxLength: 200 }).map((all) => `bytes=${all.join(',')}`),
    printable,
  )
  const tag = fc.oneof(fc.constantFrom(`"${clipId}"`, `W/"${clipId}"`, '*', '""', '"'), printable)
  const request = fc.record({
    id: fc.oneof(fc.constantFrom(clipId, clipId.toUpperCase()), fc.uuid(), fc.stringMatching(/^[\w.%-]{1,60}$/)),
    at: fc.constantFrom('content', 'poster'),
    search: fc.oneof(
      fc.constantFrom('', '?view=trash', '?view=trash&view=trash'),
      fc.webQueryParameters().map((q) => `?${q}`),
    ),
    headers: fc.record({ range, 'if-range': tag, 'if-none-match': tag }, { requiredKeys: [] }),
    method: fc.constantFrom('GET', 'HEAD'),
    cookie: fc.constantFrom(viewerCookie, operatorCookie, 'session=x'),
  })
  await fc.assert(
    fc.asyncProperty(request, async ({ id, at, search, headers, method, cookie }) => {
      const url = `${ingest.url}/clips/${id}/${at}${search}`
      const response = await fetch(url, { method, headers: { ...headers, cookie } })
      expect([200, 206, 304, 400, 401, 404, 416]).toContain(response.status)
      const body = await bodyOf(response)
      expect(body.length).toBeLessThanOrEqual(size)
      if (response.status === 206) expect(String(body.length)).toBe(response.headers.get('content-length'))
    }),
    { numRuns: 200 },
  )
})

/** How many files of the store this process has open under this name. */
async function openCount(name: string): Promise<number> {
  const fds = await readdir('/proc/self/fd')
  const paths = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))) // closed meanwhile
  return paths.filter((path) => path.startsWith(ingest.dir) && path.includes(name)).length
}
const untilClosed = (name: string) => until(`${name} is closed`, async () => (await openCount(name)) === 0)

/** Sends a request by hand and reads nothing of the answer until told to. */
function ask(id: string, header = ''): ReturnType<typeof connect> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(ingest.url).port) })
  socket.on('error', () => undefined) // that the connection breaks is what the tests are about
  socket.pause()
  socket.write(`GET /clips/${id}/content HTTP/1.1\r\nhost: x\r\ncookie: ${viewerCookie}\r\n${header}\r\n`)
  return socket
}

describe('a file is closed', () => {
  test('when the browser goes away in the middle', async () => {
    const id = await upload(someBytes(12 * mib), { name: 'away.mp4' })
    const response = await get(id)
    const reader = response.body?.getReader()
    await reader?.read()
    expect(await openCount('away')).toBe(1)
    await reader?.cancel()
    await untilClosed('away')
  })

  test('when the browser goes away before the first byte', async () => {
    const id = await upload(someBytes(12 * mib), { name: 'at-once.mp4' })
    const sockets = Array.from({ length: 20 }, () => ask(id))
    await until('it was opened', async () => (await openCount('at-once')) > 0)
    for (const socket of sockets) socket.destroy()
    await untilClosed('at-once')
  })

  test('when a reader takes nothing for too long, and others are served meanwhile', async () => {
    const id = await upload(someBytes(24 * mib), { name: 'idle.mp4' })
    const idlers = Array.from({ length: 5 }, () => ask(id))
    await until('all have it open', async () => (await openCount('idle')) === idlers.length)
    expect((await get(clipId, { range: 'bytes=0-1' })).status).toBe(206)
    await untilClosed('idle')
    for (const idler of idlers) idler.destroy()
  })

  test('after a slow reader has had every byte', async () => {
    const bytes = someBytes(24 * mib, 5)
    const id = await upload(bytes, { name: 'slow.mp4' })
    const response = await get(id)
    const chunks: Uint8Array[] = []
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(bytes.equals(Buffer.concat(chunks))).toBe(true)
    await untilClosed('slow')
  })
})

test('a file that is cut while it is read breaks the connection, so that nobody waits for the rest or takes it for whole', async () => {
  const bytes = someBytes(48 * mib, 6)
  const id = await upload(bytes, { name: 'cut.mp4' })
  const socket = ask(id, 'connection: keep-alive\r\n')
  await until('it is being sent', async () => (await openCount('cut')) === 1 && socket.bytesRead >= 0)
  const path = (await visibleFiles(ingest.dir)).find((file) => file.includes('cut.mp4')) ?? ''
  await truncate(join(ingest.dir, path), mib)
  const ended = new Promise<number>((resolve) => {
    let count = 0
    socket.on('data', (chunk) => {
      count += chunk.length
    })
    socket.on('close', () => resolve(count))
  })
  socket.resume()
  expect(await ended).toBeLessThan(bytes.length)
  await untilClosed('cut')
  expect((await get(id)).status).toBe(404)
})

describe('a clip in the trash', () => {
  const by = () => ({ db: ingest.database.db, now: new Date(), actor: ana })
  const inTrash = (id: string, cookie: string) =>
    fetch(`${ingest.url}/clips/${id}/content?view=trash`, { headers: { cookie, range: 'bytes=0-3' } })

  test('is played in the view of the trash alone, by those who may restore it, and by all once it is back', async () => {
    const id = await upload(someBytes(10), { name: 'trashed.mp4' })
    await trashClips(by(), { assetIds: [id], reason: null })
    for (const method of ['GET', 'HEAD']) expect((await get(id, {}, method)).status).toBe(404)
    expect(await (await get(id)).json()).toMatchObject({ message: 'Clip In Trash' })
    expect((await inTrash(id, viewerCookie)).status).toBe(404)
    expect((await inTrash(id, operatorCookie)).status).toBe(206)
    expect((await inTrash(id, 'session=nobody')).status).toBe(401)
    await restoreClips(by(), { assetIds: [id], reason: null })
    expect((await get(id)).status).toBe(200)
  })

  test('that is being played goes on to its end, and is not begun again', async () => {
    const bytes = someBytes(24 * mib, 7)
    const id = await upload(bytes, { name: 'played.mp4' })
    const playing = await get(id)
    await trashClips(by(), { assetIds: [id], reason: null })
    expect(bytes.equals(await bodyOf(playing))).toBe(true)
    expect((await get(id, { range: 'bytes=0-3' })).status).toBe(404)
  })

  test('is available for its device as before, so that it never goes up again', async () => {
    const id = await upload(someBytes(10), { name: 'asked.mp4' })
    const before = await statusOf(device, id)
    await trashClips(by(), { assetIds: [id], reason: null })
    expect(await statusOf(device, id)).toEqual(before)
    expect(before.status).toBe('available')
  })
})
