import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFixed, mib, putPart, someBytes, split, statusOf, untilStatus, visibleFiles } from './support/clips.ts'
import { type Device, moveDevice, pairDevice } from './support/pair.ts'
import { startPut } from './support/start-put.ts'
import { startTestIngest, type TestIngest } from './support/test-ingest.ts'
import { until } from './support/until.ts'

let ingest: TestIngest
let device: Device
beforeAll(async () => {
  ingest = await startTestIngest({ limits: { stallMs: 400 } })
  device = await pairDevice(ingest)
})
afterAll(() => ingest.stop())

const day = 86_400_000
let nth = 0
/** A clip of two parts under a name of its own. */
async function twoParts() {
  nth += 1
  const bytes = someBytes(12 * mib + 5, nth)
  const name = `clip-${nth}.mp4`
  const asset = await createFixed(device, bytes, { name, parts: 2 })
  const [first = '', second = ''] = asset.urls
  const [head = Buffer.alloc(0), tail = Buffer.alloc(0)] = split(bytes, 2)
  return { id: asset.id, name, bytes, first, second, head, tail }
}

/** A clip of one small part, for what is refused before its bytes matter. */
async function onePart() {
  const head = someBytes(1_000)
  const asset = await createFixed(device, head)
  return { id: asset.id, first: asset.urls[0] ?? '', head }
}

const code = (reply: { text: string }) => /<Code>(\w+)<\/Code>/.exec(reply.text)?.[1]

test('nothing of a clip is left where its parts were gathered', async () => {
  const clip = await twoParts()
  await putPart(clip.second, clip.tail)
  await putPart(clip.first, clip.head)
  await untilStatus(device, clip.id, 'available')
  await until('the gathering folder is empty', async () => {
    const entries = await readdir(join(ingest.dir, '.rushes-uploads'))
    return !entries.some((entry) => entry.startsWith(clip.id))
  })
})

test('it lies by project, day, kind and device; a second one of its name gets a number', async () => {
  const bytes = someBytes(10)
  // Captured at noon, so that no midnight comes between the two.
  const noon = Math.floor(Date.now() / day) * day - day / 2
  const offset = Math.round((Date.now() - noon) / 1_000)
  for (let i = 0; i < 2; i++) {
    const asset = await createFixed(device, bytes, { name: 'same.mp4', offset })
    await putPart(asset.urls[0] ?? '', bytes)
    await untilStatus(device, asset.id, 'available')
  }
  const date = new Date(noon).toISOString().slice(0, 10).replaceAll('-', '_')
  const folder = `Harbour Nights-${ingest.projectId.slice(0, 8)}/Cloud Devices/${date}/VIDEO/A-Cam`
  expect((await visibleFiles(ingest.dir)).filter((path) => path.includes('same'))).toEqual([
    `${folder}/same (2).mp4`,
    `${folder}/same.mp4`,
  ])
})

test.each([
  ['../../../outside.mp4', '___.._.._outside.mp4'],
  ['CON.mp4', '_CON.mp4'],
  ['quote"and\nline.mp4', 'quote_and_line.mp4'],
])('a clip called %j stays in its folder', async (name, stored) => {
  const bytes = someBytes(10)
  const asset = await createFixed(device, bytes, { name })
  await putPart(asset.urls[0] ?? '', bytes)
  await untilStatus(device, asset.id, 'available')
  expect(bytes.equals(await ingest.stored.read(stored))).toBe(true)
})

test('a URL signed with the secret itself, not the key derived from it, is worth nothing', async () => {
  const clip = await onePart()
  const expires = Math.floor(Date.now() / 1000) + 60
  const path = `/parts/${clip.id}/1/1`
  const signature = createHmac('sha256', ingest.config.secrets[0])
    .update(['PUT', path, expires, 'video/mp4', 'private'].join('\n'))
    .digest('base64url')
  const reply = await putPart(`${ingest.url}${path}?expires=${expires}&signature=${signature}`, clip.head)
  expect(code(reply)).toBe('SignatureDoesNotMatch')
})

describe('a body', () => {
  test('without a length is 411', async () => {
    const clip = await onePart()
    const request = httpRequest(clip.first, {
      method: 'PUT',
      headers: { 'content-type': 'video/mp4', 'x-amz-acl': 'private', 'transfer-encoding': 'chunked' },
    })
    request.end('abc')
    const [response] = await once(request, 'response')
    response.resume()
    expect(response.statusCode).toBe(411)
  })

  test('of which no byte comes any more is given up with 400 RequestTimeout', async () => {
    const clip = await twoParts()
    const { request, status } = startPut(clip.first, clip.head.length)
    request.write(clip.head.subarray(0, mib))
    expect(await status).toBe(400)
    request.destroy()
    expect((await statusOf(device, clip.id)).missing).toEqual([1, 2])
  })

  test('that is refused is answered before it has been sent', async () => {
    // Where a body of megabytes were cut off so soon, a busy sender would hear of a reset and of no answer.
    await using hasty = await startTestIngest({ limits: { lingerMs: 300 } })
    const head = someBytes(1_000)
    const { urls } = await createFixed(await pairDevice(hasty), head)
    const { request, status } = startPut(urls[0] ?? '', head.length + 1)
    request.write('x')
    expect(await status).toBe(400)
    await once(request, 'close') // what nobody wants is not waited for, for ever
  })
})

describe('the same part again', () => {
  test('with the same bytes is 200 after the clip is whole too', async () => {
    const clip = await twoParts()
    for (let i = 0; i < 2; i++) expect((await putPart(clip.first, clip.head)).status).toBe(200)
    await putPart(clip.second, clip.tail)
    await untilStatus(device, clip.id, 'available')
    expect((await putPart(clip.second, clip.tail)).status).toBe(200)
    expect(clip.bytes.equals(await ingest.stored.read(clip.name))).toBe(true)
  })

  test('while the first try hangs on a dead connection goes through at once, and the dead one is given up', async () => {
    await using slow = await startTestIngest()
    const camera = await pairDevice(slow)
    const bytes = someBytes(6 * mib)
    const asset = await createFixed(camera, bytes)
    const [url = ''] = asset.urls
    const { request, status } = startPut(url, bytes.length)
    await new Promise((resolve) => request.write(bytes.subarray(0, mib), resolve))
    await until('the first try has begun to write', async () => {
      const entries = await readdir(join(slow.dir, '.rushes-uploads'))
      return entries.includes(`${asset.id}.data`)
    })
    expect((await putPart(url, bytes)).status).toBe(200)
    expect(await status).toBe(503)
    request.destroy()
    await untilStatus(camera, asset.id, 'available')
    expect(bytes.equals(await slow.stored.read('C2C_TEST_CLIP.mp4'))).toBe(true)
  })
})

test('a device that is moved while a part is on its way: the part counts for nothing, and nothing of the clip appears', async () => {
  const camera = await pairDevice(ingest)
  const bytes = someBytes(6 * mib)
  const asset = await createFixed(camera, bytes, { name: 'moved.mp4' })
  const { request, status } = startPut(asset.urls[0] ?? '', bytes.length)
  request.write(bytes.subarray(0, mib))
  await until('the part is being written', async () =>
    (await readdir(join(ingest.dir, '.rushes-uploads'))).includes(`${asset.id}.data`),
  )
  await moveDevice(ingest, camera, await ingest.createProject('Other'))
  request.end(bytes.subarray(mib))
  expect(await status).toBe(404)
  expect((await visibleFiles(ingest.dir)).filter((path) => path.includes('moved.mp4'))).toEqual([])
})

test('while somebody holds a device, its clips wait for that together, and clips of others become available', async () => {
  const held = await pairDevice(ingest)
  const bytes = someBytes(1_000)
  const clips = await Promise.all(
    Array.from({ length: 16 }, (_, nth) => createFixed(held, bytes, { name: `held-${nth}.mp4` })),
  )
  const client = await ingest.database.pool.connect()
  try {
    await client.query('begin')
    expect((await client.query('select from devices where id = $1 for update', [held.id])).rowCount).toBe(1)
    for (const { urls } of clips) expect((await putPart(urls[0] ?? '', bytes)).status).toBe(200)
    const free = await createFixed(device, bytes, { name: 'free.mp4' })
    expect((await putPart(free.urls[0] ?? '', bytes)).status).toBe(200)
    await untilStatus(device, free.id, 'available')
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    await until('its clips wait', async () => ((await client.query(waiting)).rowCount ?? 0) > 0)
    expect((await client.query(waiting)).rowCount).toBe(1)
    const available = `select from assets where device_id = $1 and state = 'available'`
    expect((await client.query(available, [held.id])).rowCount).toBe(0)
  } finally {
    await client.query('rollback')
    client.release()
  }
  for (const { id } of clips) await untilStatus(held, id, 'available')
})
