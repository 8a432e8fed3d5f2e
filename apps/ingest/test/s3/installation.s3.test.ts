import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFixed, mib, putPart, someBytes, split, statusOf, untilStatus } from '../support/clips.ts'
import { type Device, pairDevice } from '../support/pair.ts'
import { type ProcessIngest, prepareProcessIngest } from '../support/process-ingest.ts'
import { createTestBucket } from '../support/test-bucket.ts'
import { startTestIngest, type TestIngest, viewerCookie } from '../support/test-ingest.ts'
import { until } from '../support/until.ts'

describe('a bucket that cannot be used stops the start', () => {
  const wrongKeys = (change: object) => async () => {
    const { config } = await createTestBucket()
    return { ...config, credentials: { ...config.credentials, ...change } }
  }
  test.each([
    [
      'that is not there',
      async () => ({ ...(await createTestBucket()).config, bucket: 'nobody-made-this-one' }),
      { code: 'storeUnusable', hint: /Create it/ },
    ],
    [
      'with a key that nobody knows',
      wrongKeys({ accessKeyId: 'NOBODY' }),
      { code: 'storeUnusable', hint: /AWS_ACCESS_KEY_ID/ },
    ],
    [
      'with a wrong secret',
      wrongKeys({ secretAccessKey: 'wrong' }),
      { code: 'storeUnusable', hint: /AWS_SECRET_ACCESS_KEY/ },
    ],
    [
      'at an address where nobody listens',
      async () => ({ ...(await createTestBucket()).config, endpoint: 'http://127.0.0.1:1' }),
      { code: 'storeUnreachable', hint: /endpoint/ },
    ],
  ])('%s, with its code and what to do', async (_what, config, error) => {
    const store = await config()
    await expect(startTestIngest({ config: { store } })).rejects.toMatchObject({
      code: error.code,
      message: expect.stringContaining(store.bucket),
      hint: expect.stringMatching(error.hint),
    })
  })
})

test('a clock of ours that is a day late gives addresses that are not dead in the store', async () => {
  let lateMs = 0
  await using ingest = await startTestIngest({ clock: () => new Date(Date.now() - lateMs) })
  const device = await pairDevice(ingest)
  lateMs = 25 * 3_600_000
  await ingest.restart()
  const bytes = someBytes(1_000)
  const { id, urls } = await createFixed(device, bytes, { name: 'late.mp4' })
  expect((await putPart(urls[0] ?? '', bytes)).status).toBe(200)
  await untilStatus(device, id, 'available')
  expect(ingest.logLines.some((line) => line.includes('the clock of the store differs'))).toBe(true)
})

describe('a clip that is played', () => {
  const bytes = someBytes(100_000)
  let ingest: TestIngest
  let device: Device
  let id: string
  const get = (assetId: string, init: RequestInit = {}) =>
    fetch(`${ingest.url}/clips/${assetId}/content`, { headers: { cookie: viewerCookie }, redirect: 'manual', ...init })
  const upload = async (name: string, filetype: string) => {
    const asset = await createFixed(device, bytes, { name, filetype })
    await putPart(asset.urls[0] ?? '', bytes, { 'content-type': filetype })
    await untilStatus(device, asset.id, 'available')
    return asset.id
  }
  beforeAll(async () => {
    ingest = await startTestIngest()
    device = await pairDevice(ingest)
    id = await upload('Łódź.mp4', 'video/mp4')
  })
  afterAll(() => ingest.stop())

  test('is shown the way to the bucket for a quarter of an hour, under its name and type, whole or by ranges', async () => {
    const reply = await get(id)
    expect([reply.status, reply.headers.get('cache-control')]).toEqual([307, 'private, no-store'])
    const url = reply.headers.get('location') ?? ''
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('900')
    const whole = await fetch(url)
    expect(bytes.equals(Buffer.from(await whole.arrayBuffer()))).toBe(true)
    expect(whole.headers.get('content-type')).toBe('video/mp4')
    expect(whole.headers.get('content-disposition')).toBe(
      `inline; filename="__d_.mp4"; filename*=UTF-8''%C5%81%C3%B3d%C5%BA.mp4`,
    )
    const range = await fetch(url, { headers: { range: 'bytes=5-9' } })
    expect([range.status, Buffer.from(await range.arrayBuffer()).equals(bytes.subarray(5, 10))]).toEqual([206, true])
    expect(ingest.logLines.join('\n')).not.toContain('X-Amz-Signature')
  })

  test('is saved rather than shown when it is no media', async () => {
    const html = await upload('page.html', 'text/html')
    const shown = await fetch((await get(html)).headers.get('location') ?? '')
    await shown.body?.cancel()
    expect(shown.headers.get('content-type')).toBe('application/octet-stream')
    expect(shown.headers.get('content-disposition')).toMatch(/^attachment; /)
  })

  test('is no way for strangers, and none when its object is gone', async () => {
    expect((await get(id, { headers: {} })).status).toBe(401)
    const gone = await upload('gone.mp4', 'video/mp4')
    await ingest.stored.replace('gone.mp4', null)
    expect((await get(gone)).status).toBe(404)
  })

  test('is described without the way to it when only its headers are asked for', async () => {
    const head = await get(id, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), head.headers.get('location')]).toEqual([
      200,
      '100000',
      null,
    ])
  })
})

describe('two programs on one database and one bucket', () => {
  let one: ProcessIngest
  let other: ProcessIngest
  let device: Device
  beforeAll(async () => {
    one = await prepareProcessIngest()
    await one.start()
    other = await prepareProcessIngest({ beside: one })
    await other.start()
    device = await pairDevice(one)
  })
  afterAll(async () => {
    await other.dispose()
    await one.dispose()
  })

  test('make each clip once and fail none, whichever of them is asked', async () => {
    const clips = await Promise.all(
      [1, 2, 3, 4].map(async (seed) => {
        const bytes = someBytes(12 * mib, seed)
        const { id, urls } = await createFixed(device, bytes, { name: `shared-${seed}.mp4`, parts: 2 })
        for (const [i, piece] of split(bytes, 2).entries())
          expect((await putPart(urls[i] ?? '', piece)).status).toBe(200)
        return { id, bytes, name: `shared-${seed}.mp4` }
      }),
    )
    const atOther = async (id: string) =>
      fetch(`${other.url}/v2/devices/assets/${id}`, { headers: { authorization: `Bearer ${device.accessToken}` } })
    for (const { id, bytes, name } of clips) {
      await Promise.all([statusOf(device, id), atOther(id)])
      await untilStatus(device, id, 'available')
      expect(bytes.equals(await one.stored.read(name))).toBe(true)
    }
    const { rows } = await one.database.pool.query("select from assets where state = 'failed'")
    expect(rows).toEqual([])
  })

  test('go on with what the other has left when it is killed', async () => {
    const bytes = someBytes(12 * mib, 9)
    const { id, urls } = await createFixed(device, bytes, { name: 'left.mp4', parts: 2 })
    const [head = bytes, tail = bytes] = split(bytes, 2)
    await putPart(urls[0] ?? '', head)
    await one.kill()
    expect((await putPart(urls[1] ?? '', tail)).status).toBe(200)
    // Nobody asks for it: the one that lives looks for it itself, as seldom as for devices that say when they are done.
    await one.database.pool.query('update store_uploads set look_at = now() where asset_id = $1', [id])
    await until('it is available', async () => {
      const { rows } = await one.database.pool.query('select state from assets where id = $1', [id])
      return rows[0]?.state === 'available'
    })
    expect(bytes.equals(await one.stored.read('left.mp4'))).toBe(true)
  })
})
