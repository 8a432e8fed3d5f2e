import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createFixed, mib, putPart, someBytes, statusOf, untilStatus } from './support/clips.ts'
import { type Device, pairDevice, send } from './support/pair.ts'
import { type ProcessIngest, prepareProcessIngest } from './support/process-ingest.ts'
import { until } from './support/until.ts'

let ingest: ProcessIngest
let device: Device
beforeAll(async () => {
  ingest = await prepareProcessIngest({ env: { RUSHES_INGEST_DRAIN_SECONDS: '120' } })
  await ingest.start()
  device = await pairDevice(ingest)
}, 180_000)
afterAll(() => ingest.dispose())

const metrics = async () => (await send('GET', ingest.metricsUrl)).text
/** The value of a line such as `rushes_ingest_parts_total 3`. */
const figure = (text: string, line: string) => {
  const found = text.split('\n').find((one) => one.startsWith(`${line} `))
  return found === undefined ? null : Number(found.split(' ').at(-1))
}

/** A PUT of a clip of its own that stops half way until it is told to go on. */
async function startPut(ingest: ProcessIngest, device: Device, name: string) {
  const bytes = someBytes(8 * mib)
  const { id, urls } = await createFixed(device, bytes, { name, parts: 1 })
  const goOn = Promise.withResolvers<void>()
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(bytes.subarray(0, mib))
      await goOn.promise
      controller.enqueue(bytes.subarray(mib))
      controller.close()
    },
  })
  const headers = { 'content-type': 'video/mp4', 'x-amz-acl': 'private', 'content-length': String(bytes.length) }
  const reply = fetch(urls[0] ?? '', { method: 'PUT', headers, body, duplex: 'half' }).then(
    ({ status }) => status,
    () => 'cut off' as const,
  )
  await until('it is being written', async () =>
    (await readdir(join(ingest.dir, '.rushes-uploads'))).includes(`${id}.data`),
  )
  return { id, url: urls[0] ?? '', bytes, reply, goOn: goOn.resolve }
}

test('counts are served on a port of their own, and nowhere else', async () => {
  const bytes = someBytes(6 * mib)
  const { id, urls } = await createFixed(device, bytes, { name: 'counted.mp4', parts: 1 })
  expect((await putPart(urls[0] ?? '', bytes)).status).toBe(200)
  await untilStatus(device, id, 'available')
  const text = await until('the clip is counted', async () => {
    const now = await metrics()
    return figure(now, 'rushes_ingest_assemblies_total{result="available"}') === 1 && now
  })
  expect(figure(text, 'rushes_ingest_parts_total')).toBe(1)
  expect(figure(text, 'rushes_ingest_part_bytes_total')).toBe(bytes.length)
  expect(figure(text, 'rushes_ingest_available_lag_seconds_count')).toBe(1)
  expect(figure(text, 'rushes_ingest_keeper')).toBe(1)
  expect(figure(text, 'rushes_ingest_room_bytes')).toBeGreaterThan(0)
  expect(figure(text, 'rushes_ingest_open_uploads')).not.toBeNull()
  const puts = 'rushes_ingest_requests_total{method="PUT",route="/parts/:assetId/:number/:generation",status="200"}'
  expect(figure(text, puts)).toBe(1)
  expect(text).not.toContain(id)
  expect((await send('GET', `${ingest.url}/metrics`)).status).toBe(404)
  expect((await send('GET', ingest.metricsUrl.replace('/metrics', '/health'))).status).toBe(404)
})

test('told to stop, it lets a part on its way end and takes no other, says so in its health, and exits with 0', async () => {
  const put = await startPut(ingest, device, 'drain.mp4')
  const ended = ingest.terminate()
  const health = await until('health says so', async () => {
    const reply = await send('GET', `${ingest.url}/health`)
    return reply.status === 503 && reply
  })
  expect(health.body).toMatchObject({ status: 'draining', ok: false, components: { database: 'ok', store: 'ok' } })
  // Short enough to be sent whole before the connection that was refused is closed.
  const late = await putPart(put.url, put.bytes.subarray(0, 10))
  expect([late.status, late.headers.get('connection')]).toEqual([503, 'close'])
  expect(figure(await metrics(), 'rushes_ingest_draining')).toBe(1)
  put.goOn()
  expect(await put.reply).toBe(200)
  expect(await ended).toBe(0)
  await ingest.start()
  await untilStatus(device, put.id, 'available')
}, 180_000)

test('a part that does not end in time is cut off: nothing of it counts, and it goes through after the start', async () => {
  const hasty = await prepareProcessIngest({ env: { RUSHES_INGEST_DRAIN_SECONDS: '1' } })
  onTestFinished(() => hasty.dispose())
  await hasty.start()
  const camera = await pairDevice(hasty)
  const put = await startPut(hasty, camera, 'cut.mp4')
  expect(await hasty.terminate()).toBe(0)
  expect(await put.reply).toBe('cut off')
  await hasty.start()
  expect(await statusOf(camera, put.id)).toMatchObject({ status: 'created', missing: [1] })
  expect((await putPart(put.url, put.bytes)).status).toBe(200)
  await untilStatus(camera, put.id, 'available')
}, 180_000)
