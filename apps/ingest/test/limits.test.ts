import { request } from 'node:http'
import { c2cErrors } from '@rushes/protocol'
import { expect, test } from 'vitest'
import { pairDevice, send } from './support/pair.ts'
import { onS3 } from './support/test-bucket.ts'
import { startTestIngest } from './support/test-ingest.ts'
import { until } from './support/until.ts'

const clip = { name: 'C2C_TEST_CLIP.mp4', filetype: 'video/mp4', filesize: 21_136_250, offset: 0 }
/** A clock that stands still: nothing leaks out of a bucket. */
const stopped = () => {
  const now = new Date()
  return { clock: () => now }
}
const plenty = { reserveBytes: Number.NEGATIVE_INFINITY }

// Buckets do not tell how much room there is.
if (!onS3())
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

test('forty creates at once are all answered', async () => {
  await using ingest = await startTestIngest()
  const camera = await pairDevice(ingest)
  const replies = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      camera.call('POST', '/v2/devices/assets', { name: `${i}.jpg`, filetype: 'image/jpeg', filesize: 10 }),
    ),
  )
  expect(new Set(replies.map((reply) => reply.status))).toEqual(new Set([200]))
  expect(Number(replies[0]?.headers.get('x-ratelimit-remaining'))).toBeLessThan(200)
})

test('with the limits of the platform, five creates a second are let through and the rest is 429, other devices untouched', async () => {
  await using strict = await startTestIngest({ config: { rateLimits: 'frameio' }, limits: plenty })
  const [camera, other] = [await pairDevice(strict), await pairDevice(strict)]
  const limited = await until('a create is one too many', async () => {
    const replies = await Promise.all(Array.from({ length: 12 }, () => camera.call('POST', '/v2/devices/assets', clip)))
    return replies.find((reply) => reply.status === 429)
  })
  expect(limited.body).toEqual(c2cErrors.rateLimited)
  expect(limited.headers.get('x-ratelimit-limit')).toBe('5')
  expect(limited.headers.get('x-ratelimit-remaining')).toBe('0')
  expect((await other.call('POST', '/v2/devices/assets', clip)).status).toBe(200)
})

test('an address that tries token after token is refused unasked, while a device behind it whose token is good goes on', async () => {
  await using ingest = await startTestIngest(stopped())
  const device = await pairDevice(ingest)
  const guess = (n: number) =>
    send('GET', `${ingest.url}/v2/devices/me`, { headers: { authorization: `Bearer guess-${n}` } })
  const replies = await Promise.all(Array.from({ length: 150 }, (_, n) => guess(n)))
  expect(replies.filter((reply) => reply.status === 401)).toHaveLength(100)
  expect(replies.find((reply) => reply.status === 429)).toMatchObject({ body: c2cErrors.rateLimited })
  expect((await device.call('GET', '/v2/devices/me')).status).toBe(200)
})

test('a device that begins large bodies and ends none is refused before they fill the memory', async () => {
  await using ingest = await startTestIngest()
  const device = await pairDevice(ingest)
  const statuses: (number | undefined)[] = []
  // Eight of them are as much as a device may have in memory.
  const held = Array.from({ length: 12 }, () => {
    const begun = request(`${ingest.url}/v2/devices/assets/${crypto.randomUUID()}/custody`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${device.accessToken}`,
        'content-type': 'application/json',
        'content-length': 2 * 1024 * 1024,
      },
    })
    begun.on('response', (response) => statuses.push(response.statusCode))
    begun.on('error', () => undefined) // ended below
    begun.flushHeaders()
    return begun
  })
  await until('four are refused', () => statuses.length === 4)
  expect(statuses).toEqual([429, 429, 429, 429])
  expect((await device.call('GET', '/v2/devices/me')).status).toBe(200)
  for (const begun of held) begun.destroy()
  const roomAgain = async () =>
    (await device.call('PUT', `/v2/devices/assets/${crypto.randomUUID()}/custody`, { x: 'x'.repeat(1_000_000) })).status
  await until('there is room again', async () => (await roomAgain()) === 400)
})

test('an address that floods the auth endpoints is told to slow down, in their shape', async () => {
  await using ingest = await startTestIngest(stopped())
  const replies = await Promise.all(Array.from({ length: 60 }, () => send('POST', `${ingest.url}/v2/auth/token`)))
  const limited = replies.filter((reply) => reply.status === 429)
  expect([limited.length, limited[0]?.body]).toEqual([10, { error: 'slow_down' }])
})
