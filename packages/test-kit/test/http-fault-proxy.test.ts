import { once } from 'node:events'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRequestGate, type HttpFaultProxy, startHttpFaultProxy } from '../src/index.ts'

/** What the upstream was asked for, and how much of each body it got. */
let processed: string[]
let truncated: number[]
let upstream: Server
let proxy: HttpFaultProxy

beforeEach(async () => {
  processed = []
  truncated = []
  upstream = createServer(async (incoming, outgoing) => {
    let length = 0
    try {
      for await (const chunk of incoming) length += chunk.length
    } catch {
      truncated.push(length) // the client's connection broke, which some of these tests are about
      return
    }
    processed.push(`${incoming.method} ${incoming.url} ${length}`)
    outgoing.writeHead(201, { 'x-host': incoming.headers.host ?? '', 'content-type': 'text/plain' })
    outgoing.end(`got ${length}`)
  })
  upstream.on('upgrade', (incoming, socket) => {
    socket.on('error', () => undefined)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    socket.write(`welcome ${incoming.headers['x-device']}`)
    socket.pipe(socket)
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const address = upstream.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  proxy = await startHttpFaultProxy({ upstream: `http://127.0.0.1:${address.port}` })
})

afterEach(async () => {
  await proxy.close()
  upstream.closeAllConnections()
  upstream.close()
})

async function put(path: string, bytes = 10): Promise<string> {
  return new Promise((resolve) => {
    const request = httpRequest(`${proxy.url}${path}`, {
      method: 'PUT',
      agent: false,
      headers: { 'content-length': bytes },
    })
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    request.on('response', async (response) => {
      let body = ''
      try {
        for await (const chunk of response) body += chunk
        resolve(`${response.statusCode} ${body}`)
      } catch (error) {
        resolve(`${response.statusCode} broken off: ${error instanceof Error ? error.message : error}`)
      }
    })
    request.end(Buffer.alloc(bytes))
  })
}

test('without faults, requests and answers pass unchanged, the Host header too', async () => {
  const response = await fetch(`${proxy.url}/a?b=c`, { method: 'POST', body: 'hello' })
  expect(response.status).toBe(201)
  expect(response.headers.get('x-host')).toBe(new URL(proxy.url).host)
  expect(await response.text()).toBe('got 5')
  expect(processed).toEqual(['POST /a?b=c 5'])
  expect(proxy.requests).toMatchObject([{ method: 'POST', path: '/a?b=c', requestBytes: 5, status: 201 }])
})

test('replaces the answer to the k-th matching request, and to that one only', async () => {
  const fault = proxy.inject({ kind: 'reply', status: 503, body: 'try later' }, { when: { path: '/parts' }, nth: 2 })
  expect(await put('/parts/1')).toBe('201 got 10')
  expect(await put('/other')).toBe('201 got 10')
  expect(await put('/parts/2')).toBe('503 try later')
  expect(await put('/parts/3')).toBe('201 got 10')
  expect(processed).toEqual(['PUT /parts/1 10', 'PUT /other 10', 'PUT /parts/3 10'])
  expect(fault.hitCount).toBe(1)
  expect(await fault.firstHit).toMatchObject({ path: '/parts/2' })
})

test('loses the reply after the upstream has processed the request', async () => {
  proxy.inject({ kind: 'loseReply' }, { nth: 1 })
  expect(await put('/create')).toBe('ECONNRESET')
  expect(processed).toEqual(['PUT /create 10'])
  expect(await put('/create')).toBe('201 got 10')
})

test.each(['close', 'reset'] as const)('cuts a request in the middle of its body: %s', async (how) => {
  proxy.inject({ kind: 'cut', afterBytes: 100_000, how }, { nth: 1 })
  expect(await put('/part', 300_000)).toMatch(/ECONNRESET|EPIPE|socket hang up/)
  expect(processed).toEqual([])
  expect(proxy.requests[0]).toMatchObject({ requestBytes: 100_000, status: undefined })
  expect(await put('/part', 300_000)).toBe('201 got 300000')
})

test('cuts an answer in the middle of its body', async () => {
  proxy.inject({ kind: 'cut', afterBytes: 2, how: 'close', of: 'response' })
  expect(await put('/part')).toMatch(/^201 broken off/)
  expect(processed).toEqual(['PUT /part 10'])
})

test('gives the first half of an answer, counted from its status line, after the upstream has processed the request', async () => {
  proxy.inject({ kind: 'truncateReply' }, { nth: 1 })
  expect(await put('/create')).toMatch(/ECONNRESET|socket hang up|HPE_/)
  expect(processed).toEqual(['PUT /create 10'])
  expect(proxy.requests[0]?.status).toBeUndefined()
  expect(await put('/create')).toBe('201 got 10')
})

test('tells when each request began, on a clock that never goes back', async () => {
  await put('/one')
  await put('/two')
  const [one, two] = proxy.requests
  expect(two?.beganAt).toBeGreaterThan(one?.beganAt ?? Number.POSITIVE_INFINITY)
})

test('a stalled request goes on when the fault is removed', async () => {
  const fault = proxy.inject({ kind: 'stall', afterBytes: 4 })
  const answer = put('/part')
  await fault.firstHit
  fault.remove()
  expect(await answer).toBe('201 got 10')
})

test('holds the k-th matching request at a gate until it is released', async () => {
  const gate = createRequestGate({ when: { method: 'PUT', path: /^\/parts\// }, occurrence: 2 })
  proxy.inject({ kind: 'gate', gate })
  expect(await put('/parts/1')).toBe('201 got 10')
  const held = put('/parts/2')
  expect(await gate.arrived).toMatchObject({ path: '/parts/2' })
  expect(await put('/parts/3')).toBe('201 got 10')
  expect(processed).toEqual(['PUT /parts/1 10', 'PUT /parts/3 10'])
  gate.release()
  expect(await held).toBe('201 got 10')
})

test('holds an answer that the upstream has already given', async () => {
  const gate = createRequestGate()
  proxy.inject({ kind: 'gate', gate, before: 'reply' })
  const held = put('/create')
  await gate.arrived
  expect(processed).toEqual(['PUT /create 10'])
  gate.release()
  expect(await held).toBe('201 got 10')
})

test('when the upstream is gone, the client sees a broken connection and no made-up answer', async () => {
  upstream.close()
  expect(await put('/part')).toBe('ECONNRESET')
})

test('a client that gives up is no reason to keep the upstream waiting', async () => {
  const fault = proxy.inject({ kind: 'stall', afterBytes: 50_000 })
  const request = httpRequest(`${proxy.url}/part`, {
    method: 'PUT',
    agent: false,
    headers: { 'content-length': 100_000 },
  })
  request.on('error', () => undefined)
  request.end(Buffer.alloc(100_000))
  await fault.firstHit
  await expect.poll(() => proxy.requests[0]?.requestBytes).toBe(50_000)
  request.destroy()
  await expect.poll(() => truncated).toEqual([50_000])
})

test('passes an upgrade through with its headers, and cuts it with the rest', async () => {
  const request = httpRequest(`${proxy.url}/agent`, {
    agent: false,
    headers: { connection: 'Upgrade', upgrade: 'echo', 'x-device': 'A-Cam' },
  })
  request.end()
  const [, socket, head] = await once(request, 'upgrade')
  let text = String(head)
  socket.on('data', (chunk: Buffer) => {
    text += chunk
  })
  socket.on('error', () => undefined)
  socket.write(', hello')
  await expect.poll(() => text).toBe('welcome A-Cam, hello')
  const closed = new Promise((resolve) => socket.on('close', resolve))
  proxy.cutConnections()
  await closed
})

test('refuses connections and comes back on the same port', async () => {
  await proxy.refuse()
  expect(await put('/part')).toBe('ECONNREFUSED')
  await proxy.accept()
  expect(await put('/part')).toBe('201 got 10')
})
