import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { type HttpFaultProxy, startHttpFaultProxy } from '@rushes/test-kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bytes, createFixed, mib, someBytes, statusOf } from '../support/clips.ts'
import { type Device, pairDevice } from '../support/pair.ts'
import { startTestIngest, type TestIngest } from '../support/test-ingest.ts'
import { until } from '../support/until.ts'

/** More parts than a bucket lists at a time, each of the least size that a bucket joins: an object of more than 4 GiB. */
const partCount = 1_003
const partBytes = 5 * mib
const lastBytes = partBytes - 3
const sizeBytes = (partCount - 1) * partBytes + lastBytes
const atOnce = 4

let proxy: HttpFaultProxy
let ingest: TestIngest
let device: Device
/** Of the bucket's server itself: gigabytes need not go through the proxy. */
let serverPort: number
beforeAll(async () => {
  ingest = await startTestIngest({
    storeThrough: async (endpoint) => {
      serverPort = Number(new URL(endpoint).port)
      proxy = await startHttpFaultProxy({ upstream: endpoint })
      return proxy.url
    },
  })
  device = await pairDevice(ingest)
})
afterAll(async () => {
  await ingest?.stop()
  await proxy?.close()
})

const content = someBytes(partBytes)
const agent = new Agent({ keepAlive: true, maxSockets: atOnce })

/** The bytes of a part: the same but for its number. */
function bytesOf(number: number): Bytes {
  const bytes = Buffer.from(content.subarray(0, number === partCount ? lastBytes : partBytes))
  bytes.writeUInt32BE(number)
  return bytes
}

/** PUTs past the proxy, in its name: the name of the host is signed. */
async function put(url: string, bytes: Bytes): Promise<number> {
  const { host, pathname, search } = new URL(url)
  const sent = request({
    agent,
    host: '127.0.0.1',
    port: serverPort,
    method: 'PUT',
    path: pathname + search,
    headers: { host, 'content-type': 'video/mp4', 'x-amz-acl': 'private', 'content-length': bytes.length },
  })
  sent.end(bytes)
  const [response] = await once(sent, 'response')
  response.resume()
  await once(response, 'end')
  return response.statusCode
}

test('a clip of 5 GB in 1,003 parts is made one object, though the bucket first fails under 200 and then its reply is lost', async () => {
  const answers = { method: 'POST', path: /uploadId=/ } as const
  const body = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>InternalError</Code><Message>m</Message></Error>'
  const headers = { 'content-type': 'application/xml' }
  const failed = proxy.inject({ kind: 'reply', status: 200, headers, body }, { when: answers, nth: 1 })
  const lost = proxy.inject({ kind: 'loseReply' }, { when: answers, nth: 2 })

  const { id, urls } = await createFixed(device, { length: sizeBytes }, { name: 'long.mp4', parts: partCount })
  expect(urls.length).toBe(partCount)
  const waiting = urls.entries()
  const send = async () => {
    for (const [index, url] of waiting) expect(await put(url, bytesOf(index + 1))).toBe(200)
  }
  await Promise.all(Array.from({ length: atOnce }, send))
  await until('it is available', async () => (await statusOf(device, id)).status === 'available', 300_000)
  expect([failed.hitCount, lost.hitCount]).toEqual([1, 1])

  expect(await ingest.bucket?.sizeOf(`clips/${id}`)).toBe(sizeBytes)
  expect(await ingest.bucket?.openUploads(`clips/${id}`)).toEqual([])
  for (const number of [1, 2, 999, 1_000, 1_001, 1_002, partCount]) {
    const start = (number - 1) * partBytes
    const should = bytesOf(number)
    const range = `bytes=${start}-${start + should.length - 1}`
    const key = { Bucket: ingest.bucket?.config.bucket, Key: `clips/${id}` }
    const reply = await ingest.bucket?.client.send(new GetObjectCommand({ ...key, Range: range }))
    expect(should.equals((await reply?.Body?.transformToByteArray()) ?? Buffer.alloc(0)), `part ${number}`).toBe(true)
  }
}, 900_000)
