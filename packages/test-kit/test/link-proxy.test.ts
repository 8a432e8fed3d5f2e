import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type LinkProxy, type LinkShape, seededRandom, startLinkProxy } from '../src/index.ts'

let upstream: Server
let proxy: LinkProxy
afterEach(async () => {
  await proxy.close()
  upstream.close()
})

/** A server that answers the digest of what it was sent, behind a line of this shape. */
async function startDigesting(shape: Partial<LinkShape>): Promise<void> {
  upstream = createServer({ allowHalfOpen: true }, (socket) => {
    const hash = createHash('sha256')
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => hash.update(chunk))
    socket.on('end', () => socket.end(hash.digest('hex')))
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const address = upstream.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  proxy = await startLinkProxy({
    upstreamPort: address.port,
    shape: { bitsPerSecond: 200_000_000, roundTripMs: 10, windowBytes: 524_288, lossRate: 0, ...shape },
    random: seededRandom(1),
  })
}

async function send(bytes: Uint8Array): Promise<string> {
  const socket = connect({ host: proxy.host, port: proxy.port, allowHalfOpen: true })
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.end(bytes)
  await once(socket, 'end')
  return text
}

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('every byte of every connection arrives in its order, whatever is lost on the way', async () => {
  await startDigesting({ lossRate: 0.01 })
  const all = [1, 2, 3].map((seed) => seededRandom(seed).bytes(700_001))
  expect(await Promise.all(all.map(send))).toEqual(all.map(digestOf))
  expect(proxy.deliveredBytes()).toBe(3 * 700_001)
})

test('never is it faster than its line', async () => {
  await startDigesting({ bitsPerSecond: 20_000_000 })
  const begunMs = performance.now()
  await Promise.all([send(new Uint8Array(250_000)), send(new Uint8Array(250_000))])
  expect(performance.now() - begunMs).toBeGreaterThan(200) // 500,000 bytes at 2,500,000 in a second
})
