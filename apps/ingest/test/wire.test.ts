import { once } from 'node:events'
import { rm, symlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { detailedError } from '@rushes/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixed, mib, putPart, someBytes, statusOf, untilStatus } from './support/clips.ts'
import { type Device, pairDevice } from './support/pair.ts'
import { onS3 } from './support/test-bucket.ts'
import { startTestIngest, type TestIngest } from './support/test-ingest.ts'

let ingest: TestIngest
let device: Device
beforeAll(async () => {
  ingest = await startTestIngest({ limits: { headMs: 400, bodyMs: 300, lingerMs: 300 } })
  device = await pairDevice(ingest)
})
afterAll(() => ingest.stop())

/** Sends bytes as they are and gives back what came until the server ended the connection. */
async function raw(text: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: ingest.config.port })
  socket.write(text)
  let answer = ''
  socket.setEncoding('utf8').on('data', (more: string) => {
    answer += more
  })
  socket.on('error', () => undefined) // a reset is one of the ends that are looked for
  await once(socket, 'close')
  return answer
}

test('a body that trickles in for ever is given up, and others go on meanwhile', async () => {
  const slow = raw(
    'POST /v2/devices/heartbeat HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{',
  )
  expect((await device.call('GET', '/v2/devices/me')).status).toBe(200)
  await slow
})

test.each([
  ['headers that are too large', `GET /health HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['a head that does not come to its end', 'GET /health HTTP/1.1\r\nhost: x\r\nx-slow: ', 408],
  ['a length that is none', 'POST /v2/devices/heartbeat HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n', 400],
  ['two lengths', 'POST /v2/assets HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx', 400],
  [
    'a length and chunks',
    'POST /v2/assets HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\nx',
    400,
  ],
  ['an address with a line break', 'GET /v2/de\nvices/me HTTP/1.1\r\nhost: x\r\n\r\n', 400],
])('%s: answered in the detailed shape, and the connection ends', async (_what, request, status) => {
  const answer = await raw(request)
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(detailedError.parse(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).code).toBe(status)
})

test.each([
  ['no host', 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n'],
  [
    'an expectation that nobody knows',
    'GET /health HTTP/1.1\r\nhost: x\r\nexpect: 200-maybe\r\nconnection: close\r\n\r\n',
  ],
  [
    'a wish for another protocol',
    'GET /health HTTP/1.1\r\nhost: x\r\nupgrade: h2c\r\nconnection: close, upgrade\r\n\r\n',
  ],
])('%s is passed over', async (_what, request) => {
  expect(await raw(request)).toMatch(/^HTTP\/1\.1 200 /)
})

test('what is no HTTP is answered 400 in the detailed shape, and the connection ends', async () => {
  const answer = await raw('nonsense\r\n\r\n')
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(detailedError.safeParse(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).success).toBe(true)
})

test('a part that is refused on a connection that goes on sending ends with the connection', async () => {
  const answer = await raw(
    `PUT /parts/${crypto.randomUUID()}/1/1?expires=1&signature=x HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nx`,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 403 /)
})

test('each answer carries an id that is in the log, where no token and no signature is', async () => {
  const bytes = someBytes(10)
  const { urls } = await createFixed(device, bytes)
  await putPart(urls[0] ?? '', bytes)
  const reply = await device.call('GET', '/v2/devices/me')
  const id = reply.headers.get('x-request-id') ?? 'none'
  const line = ingest.logLines.find((candidate) => candidate.includes(id)) ?? ''
  expect(JSON.parse(line)).toMatchObject({ route: '/v2/devices/me', status: 200, deviceId: device.id })
  const log = ingest.logLines.join('')
  expect(log).not.toContain(device.accessToken)
  expect(log).not.toContain('signature=')
})

// A store that knows of no room is not full either.
if (!onS3())
  test('a disk that is full refuses the part by name, and takes it when there is room again', async () => {
    const bytes = someBytes(6 * mib)
    const { id, urls } = await createFixed(device, bytes, { name: 'full.mp4' })
    const data = join(ingest.dir, '.rushes-uploads', `${id}.data`)
    await symlink('/dev/full', data)
    const reply = await putPart(urls[0] ?? '', bytes)
    expect([reply.status, reply.text]).toEqual([507, expect.stringContaining('<Code>InsufficientStorage</Code>')])
    expect((await statusOf(device, id)).missing).toEqual([1])
    await rm(data)
    expect((await putPart(urls[0] ?? '', bytes)).status).toBe(200)
    await untilStatus(device, id, 'available')
  })
