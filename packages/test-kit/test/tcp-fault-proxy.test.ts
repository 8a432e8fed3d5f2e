import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTcpFaultProxy, type TcpFaultProxy } from '../src/index.ts'

let upstream: Server
let proxy: TcpFaultProxy

beforeEach(async () => {
  upstream = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const address = upstream.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  proxy = await startTcpFaultProxy({ port: address.port })
})

afterEach(async () => {
  await proxy.close()
  upstream.close()
})

type Dialogue = {
  socket: Socket
  received: () => string
  until: (length: number) => Promise<string>
  ended: Promise<string>
}

/** A client of the echo server; `ended` tells how the connection ended. */
function dial(): Dialogue {
  const socket = connect({ host: proxy.host, port: proxy.port })
  let text = ''
  let failure: string | undefined
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failure = error.code
  })
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(failure ?? 'closed')))
  const until = async (length: number) => {
    while (text.length < length) await once(socket, 'data')
    return text
  }
  return { socket, received: () => text, until, ended }
}

test('without faults, bytes pass both ways and the end of one side is passed on', async () => {
  const client = dial()
  client.socket.end('hello')
  expect(await client.ended).toBe('closed')
  expect(client.received()).toBe('hello')
})

test.each(['close', 'reset'] as const)('cuts after the given number of bytes: %s', async (how) => {
  const { hit } = proxy.inject({ kind: 'cut', afterBytes: 3, how, direction: 'toClient' })
  const client = dial()
  client.socket.write('hello')
  expect(await client.ended).toBe(how === 'reset' ? 'ECONNRESET' : 'closed')
  await hit
  if (how === 'close') expect(client.received()).toBe('hel')
})

test('a stalled stream stays open and silent, and flows on when the fault is removed', async () => {
  const fault = proxy.inject({ kind: 'stall', afterBytes: 2 })
  const client = dial()
  client.socket.write('hello')
  await fault.hit
  expect(await client.until(2)).toBe('he')
  fault.remove()
  expect(await client.until(5)).toBe('hello')
  client.socket.destroy()
})

test('limits bandwidth to what was asked for', async () => {
  proxy.inject({ kind: 'bandwidth', bytesPerSecond: 100_000 })
  const client = dial()
  const startedAt = performance.now()
  client.socket.write('x'.repeat(20_000))
  await client.until(20_000)
  expect(performance.now() - startedAt).toBeGreaterThan(180) // 200 ms at that rate; never faster
  client.socket.destroy()
})

test('delays what passes', async () => {
  proxy.inject({ kind: 'delay', delayMs: 60, direction: 'toClient' })
  const client = dial()
  const startedAt = performance.now()
  client.socket.write('x')
  await client.until(1)
  expect(performance.now() - startedAt).toBeGreaterThan(55)
  client.socket.destroy()
})

test('refuses new connections while the open one goes on, and accepts again on the same port', async () => {
  const open = dial()
  open.socket.write('a')
  await open.until(1)
  await proxy.refuse()
  expect(await dial().ended).toBe('ECONNREFUSED')
  open.socket.write('b')
  expect(await open.until(2)).toBe('ab')
  await proxy.accept()
  const again = dial()
  again.socket.end('c')
  expect(await again.ended).toBe('closed')
  expect(again.received()).toBe('c')
  open.socket.destroy()
})

test('cuts every open connection at once', async () => {
  const clients = [dial(), dial()]
  for (const client of clients) {
    client.socket.write('x')
    await client.until(1)
  }
  proxy.cutConnections()
  expect(await Promise.all(clients.map((client) => client.ended))).toEqual(['ECONNRESET', 'ECONNRESET'])
})
