import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pauseSharing, resumeSharing } from '@rushes/fleet'
import { c2cErrors } from '@rushes/protocol'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createFixed, mib, putPart, someBytes, split, untilStatus } from './support/clips.ts'
import { type DatabaseProxy, startDatabaseProxy } from './support/database-proxy.ts'
import { ana, type Device, pairDevice, send } from './support/pair.ts'
import { onS3 } from './support/test-bucket.ts'
import { startTestIngest, type TestIngest } from './support/test-ingest.ts'
import { until } from './support/until.ts'

let proxy: DatabaseProxy
let ingest: TestIngest
let device: Device
beforeAll(async () => {
  ingest = await startTestIngest({
    limits: { databaseWaitMs: 300 },
    through: async (url) => {
      proxy = await startDatabaseProxy(url)
      return proxy.url
    },
  })
  device = await pairDevice(ingest)
})
afterAll(async () => {
  await ingest.stop()
  await proxy.close()
})

/** A body of which the second half is sent when the test says so. */
function inTwoHalves(bytes: Uint8Array) {
  const middle = Math.floor(bytes.length / 2)
  const goOn = Promise.withResolvers<void>()
  const halfSent = Promise.withResolvers<void>()
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(bytes.subarray(0, middle))
      halfSent.resolve()
      await goOn.promise
      controller.enqueue(bytes.subarray(middle))
      controller.close()
    },
  })
  return { body, halfSent: halfSent.promise, goOn: () => goOn.resolve() }
}

test('a connection to the database that is cut in the middle of an upload is not noticed by the device', async () => {
  const bytes = someBytes(12 * mib)
  const { id, urls } = await createFixed(device, bytes, { name: 'cut.mp4', parts: 2 })
  const pieces = split(bytes, 2)
  const puts = pieces.map((piece, i) => {
    const { body, halfSent, goOn } = inTwoHalves(piece)
    const headers = { 'content-type': 'video/mp4', 'x-amz-acl': 'private', 'content-length': String(piece.length) }
    return { reply: fetch(urls[i] ?? '', { method: 'PUT', headers, body, duplex: 'half' }), halfSent, goOn }
  })
  await Promise.all(puts.map((put) => put.halfSent))
  proxy.cut()
  for (const put of puts) put.goOn()
  for (const put of puts) expect((await put.reply).status).toBe(200)
  await untilStatus(device, id, 'available')
  expect(bytes.equals(await ingest.stored.read('cut.mp4'))).toBe(true)
})

// Where the store is a bucket, parts arrive there whatever the database does.
if (!onS3())
  test('while the database is away a part that has arrived waits for it, and is acknowledged when it is back', async () => {
    const bytes = someBytes(6 * mib)
    const { id, urls } = await createFixed(device, bytes, { name: 'away.mp4', parts: 1 })
    const { body, halfSent, goOn } = inTwoHalves(bytes)
    const headers = { 'content-type': 'video/mp4', 'x-amz-acl': 'private', 'content-length': String(bytes.length) }
    const put = fetch(urls[0] ?? '', { method: 'PUT', headers, body, duplex: 'half' })
    await halfSent
    await until('the part is being written', async () =>
      (await readdir(join(ingest.dir, '.rushes-uploads'))).includes(`${id}.data`),
    )
    proxy.refuse()
    goOn()
    const health = await send('GET', `${ingest.url}/health`)
    expect([health.status, health.body]).toEqual([
      503,
      { status: 'unavailable', ok: false, components: { database: 'down', store: 'ok' }, conditions: [] },
    ])
    const me = await device.call('GET', '/v2/devices/me')
    expect([me.status, me.body]).toMatchObject([503, { code: 503, message: 'Service Unavailable' }])
    const refused = await putPart(urls[0] ?? '', bytes)
    expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('<Code>ServiceUnavailable</Code>')])
    proxy.accept()
    expect((await put).status).toBe(200)
    await untilStatus(device, id, 'available')
  })

test('a clip of a pause is refused also when the database went away on the way and the create is tried again later', async () => {
  let aheadMs = 0
  const between = Promise.withResolvers<DatabaseProxy>()
  await using other = await startTestIngest({
    clock: () => new Date(Date.now() + aheadMs),
    through: async (url) => {
      between.resolve(await startDatabaseProxy(url))
      return (await between.promise).url
    },
  })
  const cuttable = await between.promise
  onTestFinished(() => cuttable.close())
  const { db, pool } = other.database
  const { id, call } = await pairDevice(other)
  const acting = (secondsAgo: number) => ({ db, now: new Date(Date.now() - secondsAgo * 1_000), actor: ana })
  await pauseSharing(acting(1_000), { deviceId: id })
  await resumeSharing(acting(500), { deviceId: id })

  const holder = await pool.connect()
  await holder.query('begin')
  await holder.query('select from devices where id = $1 for update', [id])
  const clip = { name: 'paused.mp4', filetype: 'video/mp4', filesize: 1_000, offset: 600 }
  const reply = call('POST', '/v2/devices/assets', clip)
  const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
  await until('the create waits for its device', async () => (await pool.query(waiting)).rowCount === 1)
  aheadMs = 300_000
  cuttable.cut()
  await until('the create is tried again', () => other.logLines.some((line) => line.includes('trying again')))
  await holder.query('rollback')
  holder.release()
  expect(await reply).toMatchObject({ status: 409, body: c2cErrors.channelPaused })
})
