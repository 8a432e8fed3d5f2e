import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFixed, mib, putPart, someBytes, split, statusOf, untilStatus } from './support/clips.ts'
import { type Device, moveDevice, pairDevice, send } from './support/pair.ts'
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

test('a clip goes up in the two parts that the basic guide shows, in any order, and appears only when it is whole', async () => {
  const clip = await twoParts()
  expect(await putPart(clip.second, clip.tail)).toMatchObject({ status: 200, text: '' })
  expect(await statusOf(device, clip.id)).toMatchObject({ status: 'created', missing: [1], verified: 'no' })
  expect(await ingest.stored.names()).not.toContain(clip.name)
  await putPart(clip.first, clip.head)
  expect(await untilStatus(device, clip.id, 'available')).toMatchObject({ missing: [], verified: 'sizeChecked' })
  expect(clip.bytes.equals(await ingest.stored.read(clip.name))).toBe(true)
})

test('the last chunk alone does not start a grace: the others may take as long as their URLs live', async () => {
  const clip = await twoParts()
  await putPart(clip.second, clip.tail)
  const { rows } = await ingest.database.pool.query('select final_part_at from assets where id = $1', [clip.id])
  expect(rows).toEqual([{ final_part_at: null }])
  expect((await putPart(clip.first, clip.head)).status).toBe(200)
  await untilStatus(device, clip.id, 'available')
})

describe('a URL', () => {
  test.each([
    ['another content type', { 'content-type': 'video/quicktime' }],
    ['another ACL', { 'x-amz-acl': 'public-read' }],
  ])('with %s than was signed is 403', async (_what, headers) => {
    const clip = await onePart()
    expect(code(await putPart(clip.first, clip.head, headers))).toBe('SignatureDoesNotMatch')
  })

  test('without the signed headers is 403', async () => {
    const clip = await onePart()
    expect(code(await send('PUT', clip.first, { body: clip.head }))).toBe('SignatureDoesNotMatch')
  })
})

describe('a body', () => {
  test('shorter or longer than registered is refused, and nothing is acknowledged', async () => {
    const clip = await twoParts()
    const refused = [await putPart(clip.first, clip.head.subarray(1)), await putPart(clip.second, clip.head)]
    for (const { status } of refused) expect([400, 403]).toContain(status)
    expect((await statusOf(device, clip.id)).missing).toEqual([1, 2])
  })

  test('that breaks off leaves nothing acknowledged, and the part goes through at the next try', async () => {
    const clip = await twoParts()
    const { request, status } = startPut(clip.first, clip.head.length)
    await new Promise((resolve) => request.write(clip.head.subarray(0, mib), resolve))
    request.destroy()
    expect(await status).toBe('broken')
    expect((await statusOf(device, clip.id)).missing).toEqual([1, 2])
    expect((await putPart(clip.first, clip.head)).status).toBe(200)
  })
})

describe('the same part again', () => {
  test('with the same bytes is 200 while the clip is open', async () => {
    const clip = await twoParts()
    for (let i = 0; i < 2; i++) expect((await putPart(clip.first, clip.head)).status).toBe(200)
    await putPart(clip.second, clip.tail)
    await untilStatus(device, clip.id, 'available')
    expect(clip.bytes.equals(await ingest.stored.read(clip.name))).toBe(true)
  })

  test('with other bytes takes their place while the clip is open, and is 404 once it is whole', async () => {
    const clip = await twoParts()
    const other = Buffer.from(clip.head.map((byte) => byte ^ 0xff))
    await putPart(clip.first, other)
    expect((await putPart(clip.first, clip.head)).status).toBe(200)
    await putPart(clip.second, clip.tail)
    await untilStatus(device, clip.id, 'available')
    const late = await putPart(clip.first, other)
    expect([late.status, code(late)]).toEqual([404, 'NoSuchUpload'])
    expect(clip.bytes.equals(await ingest.stored.read(clip.name))).toBe(true)
  })

  test('four times at once is 200 each, and the clip is right', async () => {
    const clip = await twoParts()
    const replies = await Promise.all([1, 2, 3, 4].map(() => putPart(clip.first, clip.head)))
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200])
    await putPart(clip.second, clip.tail)
    await untilStatus(device, clip.id, 'available')
    expect(clip.bytes.equals(await ingest.stored.read(clip.name))).toBe(true)
  })
})

test('a move closes a clip whose parts are on their way: its URLs die, and nothing of it appears', async () => {
  const camera = await pairDevice(ingest)
  const bytes = someBytes(6 * mib)
  const asset = await createFixed(camera, bytes, { name: 'unfinished.mp4', parts: 1 })
  await moveDevice(ingest, camera, await ingest.createProject('Elsewhere'))
  await until('the URL is dead', async () => (await putPart(asset.urls[0] ?? '', bytes)).status === 404)
  expect(await ingest.stored.names()).not.toContain('unfinished.mp4')
})

test('eight clips at once arrive whole', async () => {
  const clips = await Promise.all(Array.from({ length: 8 }, () => twoParts()))
  await Promise.all(clips.flatMap((clip) => [putPart(clip.first, clip.head), putPart(clip.second, clip.tail)]))
  for (const clip of clips) {
    await untilStatus(device, clip.id, 'available')
    expect(clip.bytes.equals(await ingest.stored.read(clip.name))).toBe(true)
  }
})
