import { pauseSharing, resumeSharing } from '@rushes/fleet'
import { c2cErrors, detailedError } from '@rushes/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { created } from '../support/clips.ts'
import { ana, type Device, pairDevice, send } from '../support/pair.ts'
import { startTestIngest, type TestIngest } from '../support/test-ingest.ts'
import { until } from '../support/until.ts'

let ingest: TestIngest
let device: Device
beforeAll(async () => {
  ingest = await startTestIngest({ limits: { reserveBytes: Number.NEGATIVE_INFINITY } })
  device = await pairDevice(ingest)
})
afterAll(() => ingest.stop())

const guide = { name: 'C2C_TEST_CLIP.mp4', filetype: 'video/mp4', filesize: 21_136_250, offset: 0 }
const create = (change: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  device.call('POST', '/v2/devices/assets', { ...guide, ...change }, headers)
const urlCount = (reply: { body: unknown }) => created.parse(reply.body).upload_urls?.length

describe('a clip of known size', () => {
  test('is answered with the documented fields and one signed URL a part', async () => {
    const reply = await create()
    expect(reply.status).toBe(200)
    const url = expect.stringMatching(
      new RegExp(`^${ingest.url}/parts/[0-9a-f-]{36}/\\d+/1\\?expires=\\d+&signature=[\\w-]{43}$`),
    )
    expect(reply.body).toMatchObject({
      _type: 'file',
      name: 'C2C_TEST_CLIP.mp4',
      filetype: 'video/mp4',
      filesize: 21_136_250,
      status: 'created',
      project_id: ingest.projectId,
      upload_completed_at: null,
      realtime_upload: null,
      upload_urls: [url, url],
    })
  })

  test.each([
    ['the path that shipped cameras use', '/v2/assets'],
    ['the documented path', '/v2/devices/assets'],
  ])('is created by a form as well, on %s', async (_what, path) => {
    const reply = await send('POST', ingest.url + path, {
      headers: { authorization: `Bearer ${device.accessToken}` },
      body: new URLSearchParams({
        name: 'a b.mp4',
        filetype: 'video/mp4',
        filesize: '21136250',
        offset: '-10',
        parts: '3',
      }),
    })
    expect([reply.status, urlCount(reply)]).toEqual([200, 3])
    expect(reply.body).toMatchObject({ name: 'a b.mp4', filesize: 21_136_250 })
  })

  test.each([
    ['the default', {}, 2],
    ['the four of the guide', { parts: 4 }, 4],
    ['one', { parts: 1 }, 1],
    ['the default for 1 GB', { filesize: 1_000_000_000 }, 41],
    ['the default for 5 TiB', { filesize: 5_497_558_138_880 }, 10_000],
  ])('is cut into %s', async (_what, change, count) => {
    expect(urlCount(await create(change))).toBe(count)
  })

  test.each([5, 0, -1, 10_001, 2 ** 31])('in %i parts is the documented 500', async (parts) => {
    expect(await create({ parts })).toMatchObject({ status: 500, body: c2cErrors.somethingWentWrong })
  })

  test.each([
    ['a channel and a negative offset, as in the guide', { offset: -10, channel: 2 }],
    ['an offset in fractions of a second', { offset: 3.25 }],
    ['fields that nobody knows', { color: 'red' }],
    ['a version of another clip', { auto_version_id: crypto.randomUUID() }],
    ['a name with quotes and a line break', { name: 'take "7"\n.mp4' }],
    ['a name that climbs', { name: '../../../etc/passwd' }],
    ['a name with a NUL', { name: 'a\0b.mp4' }],
    ['a name of 4 KB', { name: `${'n'.repeat(4_092)}.mp4` }],
    ['a name with half a character', { name: '\ud800.mp4' }],
  ])('takes %s', async (_what, change) => {
    expect((await create(change)).status).toBe(200)
  })

  test.each([
    ['a name longer than 4 KB', { name: 'n'.repeat(4_097) }],
    ['an empty name', { name: '' }],
    ['no name', { name: undefined }],
    ['a name that is no text', { name: 7 }],
    ['no size', { filesize: undefined }],
    ['zero bytes', { filesize: 0 }],
    ['negative bytes', { filesize: -5 }],
    ['half a byte', { filesize: 10.5 }],
    ['more than 5 TiB', { filesize: 5_497_558_138_881 }],
    ['a size beyond all numbers', { filesize: 1e300 }],
    ['a size as text', { filesize: '5' }],
    ['half a part', { parts: 1.5 }],
    ['an offset as text', { offset: 'now' }],
    ['an offset of a million years', { offset: 3e13 }],
    ['a channel below zero', { channel: -1 }],
    ['a type that breaks headers', { filetype: 'video/mp4\r\nx: y' }],
    ['an id that is none', { auto_version_id: 'x' }],
  ])('with %s is 400 and says which field', async (_what, change) => {
    const reply = await create(change)
    expect(reply.status).toBe(400)
    const { errors } = detailedError.parse(reply.body)
    expect(errors[0]?.detail).toMatch(/name|file|parts|offset|channel|auto_version_id/)
  })

  test.each([
    ['no JSON', 'nonsense', 400],
    ['a list', '[]', 400],
    ['nothing', '', 400],
    ['a prototype in disguise', '{"__proto__":{"a":1}}', 400],
    ['more than the route takes', JSON.stringify({ ...guide, junk: 'x'.repeat(70_000) }), 413],
  ])('with a body that is %s is refused', async (_what, body, status) => {
    const reply = await send('POST', `${ingest.url}/v2/devices/assets`, {
      headers: { authorization: `Bearer ${device.accessToken}`, 'content-type': 'application/json' },
      body,
    })
    expect(reply.status).toBe(status)
    expect(detailedError.safeParse(reply.body).success).toBe(true)
  })
})

describe('a clip that still grows', () => {
  const growing = { filesize: undefined, is_realtime_upload: true }

  test('is answered with id and name alone', async () => {
    const reply = await create(growing)
    expect([reply.status, reply.body]).toEqual([200, { id: expect.any(String), name: 'C2C_TEST_CLIP.mp4' }])
  })

  test('without a name gets the default one', async () => {
    const reply = await create({ ...growing, name: undefined, extension: '.mp4', filesize: null })
    expect(reply.body).toMatchObject({ name: '[new file].mp4' })
  })

  test.each([
    ['no filetype', { filetype: undefined }],
    ['a size', { filesize: 5 }],
    ['neither name nor extension', { name: undefined }],
    ['a name without extension', { name: 'clip' }],
    ['another extension than its name', { extension: '.mov' }],
    ['an extension without its dot', { name: undefined, extension: 'mp4' }],
  ])('with %s is 400', async (_what, change) => {
    expect((await create({ ...growing, ...change })).status).toBe(400)
  })

  test('cannot be created by a form', async () => {
    const reply = await send('POST', `${ingest.url}/v2/devices/assets`, {
      headers: { authorization: `Bearer ${device.accessToken}` },
      body: new URLSearchParams({ name: 'a.mp4', filetype: 'video/mp4', is_realtime_upload: 'true' }),
    })
    expect(reply.status).toBe(400)
  })
})

describe('an idempotency key', () => {
  const withKey = (key: string, change: Record<string, unknown> = {}) => create(change, { 'idempotency-key': key })
  const idOf = (reply: { body: unknown }) => created.parse(reply.body).id

  test('makes a repeated create give the same clip with fresh URLs, however old the clip has become meanwhile', async () => {
    const first = await withKey('k1')
    const again = await withKey('k1', { offset: 60 })
    expect([again.status, idOf(again), urlCount(again)]).toEqual([200, idOf(first), 2])
  })

  test('holds for many creates at once', async () => {
    const replies = await Promise.all(Array.from({ length: 8 }, () => withKey('k2')))
    expect(new Set(replies.map(idOf)).size).toBe(1)
  })

  test('with another request is 422', async () => {
    await withKey('k3')
    expect(await withKey('k3', { filesize: 5 })).toMatchObject({ status: 422, body: { code: 422 } })
  })

  test('is the device’s own: another device may use the same', async () => {
    const other = await pairDevice(ingest)
    const first = await withKey('k4')
    const theirs = await other.call('POST', '/v2/devices/assets', guide, { 'idempotency-key': 'k4' })
    expect(idOf(theirs)).not.toBe(idOf(first))
  })

  test('makes a new clip when the first one can no longer be completed', async () => {
    const first = await withKey('k5')
    await ingest.database.pool.query(
      "update assets set state = 'failed', ended_because = 'partsMissing' where id = $1",
      [idOf(first)],
    )
    const again = await withKey('k5')
    expect([again.status, idOf(again) === idOf(first)]).toEqual([200, false])
  })

  test.each(['x'.repeat(256), 'two words'])('of the form %j is 400', async (key) => {
    expect((await withKey(key)).status).toBe(400)
  })
})

describe('pause sharing', () => {
  const acting = (now: Date) => ({ db: ingest.database.db, now, actor: ana })
  const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1000)
  beforeEach(async () => {
    device = await pairDevice(ingest)
  })
  const paused = { status: 409, body: c2cErrors.channelPaused }

  test('refuses exactly as the guide shows, and the same request again goes through once sharing is resumed', async () => {
    await pauseSharing(acting(new Date()), { deviceId: device.id })
    expect(await create()).toMatchObject(paused)
    expect(JSON.parse((await create()).text)).toEqual({
      code: 409,
      errors: [
        {
          code: 409,
          detail: "The channel you're uploading from is currently paused.",
          status: 409,
          title: 'Channel Paused',
        },
      ],
      message: 'Channel Paused',
    })
    await resumeSharing(acting(new Date()), { deviceId: device.id })
    expect((await create()).status).toBe(200)
  })

  test('blocks what was captured inside the window, for ever, and nothing else', async () => {
    await pauseSharing(acting(secondsAgo(100)), { deviceId: device.id })
    await resumeSharing(acting(secondsAgo(50)), { deviceId: device.id })
    expect(await create({ offset: 75 })).toMatchObject(paused)
    expect(await create({ offset: 100 })).toMatchObject(paused) // rounding must not let it escape
    expect(await create({ offset: 50 })).toMatchObject(paused)
    expect((await create({ offset: 40 })).status).toBe(200)
    expect((await create({ offset: 110 })).status).toBe(200)
    expect((await create({ offset: 0 })).status).toBe(200)
  })

  test('takes an age below zero for now, so a clock that is fast dodges nothing', async () => {
    await pauseSharing(acting(secondsAgo(5)), { deviceId: device.id })
    expect(await create({ offset: -3_600 })).toMatchObject(paused)
  })

  test('shows in /v2/devices/me, and takes what was captured before it', async () => {
    await pauseSharing(acting(secondsAgo(5)), { deviceId: device.id })
    expect((await device.call('GET', '/v2/devices/me')).body).toMatchObject({ status: 'paused' })
    expect((await create({ offset: 60 })).status).toBe(200)
  })

  test('of one channel leaves the others alone', async () => {
    await pauseSharing(acting(secondsAgo(5)), { deviceId: device.id, channel: 2 })
    expect(await create({ channel: 2 })).toMatchObject(paused)
    expect((await create({ channel: 0 })).status).toBe(200)
  })

  test('lets a real-time upload that began before it go on', async () => {
    const { id } = created.parse((await create({ filesize: undefined, is_realtime_upload: true })).body)
    await pauseSharing(acting(new Date()), { deviceId: device.id })
    const parts = await device.call('POST', `/v2/devices/assets/${id}/realtime_upload/parts`, {
      asset_filesize: 5,
      parts: [{ number: 1, size: 5, is_final: true }],
    })
    expect(parts.status).toBe(200)
    expect(await create({ filesize: undefined, is_realtime_upload: true })).toMatchObject(paused)
  })
})

test('a store without room answers 402 to creates, growing ones too, before any byte is sent', async () => {
  await using full = await startTestIngest({ limits: { reserveBytes: 1e18 } })
  const camera = await pairDevice(full)
  const request = { name: 'a.mp4', filetype: 'video/mp4' }
  for (const size of [{ filesize: 1 }, { is_realtime_upload: true }])
    expect(await camera.call('POST', '/v2/devices/assets', { ...request, ...size })).toMatchObject({
      status: 402,
      body: { message: 'Usage Exceeded' },
    })
})

test('many creates at once are all answered; the headers say how many are left', async () => {
  const camera = await pairDevice(ingest)
  const replies = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      camera.call('POST', '/v2/devices/assets', { name: `${i}.jpg`, filetype: 'image/jpeg', filesize: 10 }),
    ),
  )
  expect(new Set(replies.map((reply) => reply.status))).toEqual(new Set([200]))
  const { headers } = replies[0] ?? (await create())
  expect(headers.get('x-ratelimit-limit')).toBe('200')
  expect(headers.get('x-ratelimit-window')).toBe('1000')
  expect(Number(headers.get('x-ratelimit-remaining'))).toBeLessThan(200)
})

test('with the limits of the platform, five creates a second are let through and the rest is 429', async () => {
  await using strict = await startTestIngest({ config: { rateLimits: 'frameio' } })
  const camera = await pairDevice(strict)
  const limited = await until('a create is one too many', async () => {
    const replies = await Promise.all(
      Array.from({ length: 12 }, () => camera.call('POST', '/v2/devices/assets', guide)),
    )
    return replies.find((reply) => reply.status === 429)
  })
  expect(limited.body).toEqual(c2cErrors.rateLimited)
  expect(limited.headers.get('x-ratelimit-limit')).toBe('5')
  expect(limited.headers.get('x-ratelimit-remaining')).toBe('0')
})
