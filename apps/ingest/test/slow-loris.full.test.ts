import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Bytes,
  createFixed,
  createWithPartAtIngest,
  mib,
  putPart,
  someBytes,
  untilStatus,
} from './support/clips.ts'
import { type Device, pairDevice, send } from './support/pair.ts'
import { startTestIngest, type TestIngest } from './support/test-ingest.ts'
import { until } from './support/until.ts'

let ingest: TestIngest
let device: Device
beforeAll(async () => {
  ingest = await startTestIngest({ limits: { headMs: 1_500, bodyMs: 1_500, stallMs: 1_500, lingerMs: 1_500 } })
  device = await pairDevice(ingest)
})
afterAll(() => ingest.stop())

/** Opens connections that begin like this and then go on byte by byte, never to end. */
async function trickle(count: number, begin: string): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ host: '127.0.0.1', port: ingest.config.port })
      socket.on('error', () => undefined) // a reset is one of the ends that are looked for
      socket.resume()
      await once(socket, 'connect')
      socket.write(begin)
      const drip = setInterval(() => socket.write('x'), 100)
      socket.once('close', () => clearInterval(drip))
      return socket
    }),
  )
}

const head = (line: string, ...headers: string[]) => [line, 'host: x', ...headers, '', ''].join('\r\n')
const someBody = (bytes: number) => 'x'.repeat(bytes)

test('hundreds of connections that trickle, in every phase of a request, hold up nobody, fill no memory, and are ended', async () => {
  const own = await pairDevice(ingest)
  const { url } = await createWithPartAtIngest(ingest, own, someBytes(6 * mib), 'trickled.mp4')
  const target = new URL(url)
  const token = `authorization: Bearer ${own.accessToken}`
  const json = 'content-type: application/json'
  const beforeBytes = process.memoryUsage().rss
  const custody = `PUT /v2/devices/assets/${crypto.randomUUID()}/custody HTTP/1.1`
  const slow = (
    await Promise.all([
      trickle(100, 'GET /v2/devices/me HTTP/1.1\r\nx-slow: '),
      trickle(100, head('POST /v2/auth/token HTTP/1.1', json, 'content-length: 60000') + someBody(30_000)),
      // Two megabytes announced each, nearly one of them sent: nobody has the memory for all.
      trickle(100, head(custody, json, 'content-length: 2000000') + someBody(900_000)),
      trickle(100, head(custody, token, json, 'content-length: 2000000') + someBody(900_000)),
      trickle(
        100,
        head(
          `PUT ${target.pathname}${target.search} HTTP/1.1`,
          'content-type: video/mp4',
          'x-amz-acl: private',
          `content-length: ${6 * mib}`,
        ),
      ),
    ])
  ).flat()

  const bytes = someBytes(7 * mib, 5)
  await uploadWhole(bytes)
  expect((await send('GET', `${ingest.url}/health`)).status).toBe(200)
  expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(200 * mib)
  await until('every one of them is ended by the server', () => slow.every((socket) => socket.destroyed), 30_000)
  expect((await own.call('GET', '/v2/devices/me')).status).toBe(200)
})

async function uploadWhole(bytes: Bytes) {
  const { id, urls } = await createFixed(device, bytes, { name: 'meanwhile.mp4', parts: 1 })
  expect((await putPart(urls[0] ?? '', bytes)).status).toBe(200)
  await untilStatus(device, id, 'available')
}
