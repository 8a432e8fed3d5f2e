import { getEventListeners, once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Agent } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { exchange, untilAborted } from '../../src/destination/exchange.ts'
import { never } from './harness.ts'

/** A server that answers each request when it is told to, and one connection to it. */
async function startServer() {
  const connections: Socket[] = []
  const requests: string[] = []
  const server = createServer((socket) => {
    connections.push(socket)
    socket.on('data', (chunk) => requests.push(chunk.toString('latin1')))
    socket.on('error', () => undefined) // the client may leave at any time
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const dispatcher = new Agent({ connections: 1 })
  onTestFinished(async () => {
    await dispatcher.destroy()
    for (const socket of connections) socket.destroy()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it listens at a port')
  const request = { origin: `http://127.0.0.1:${address.port}`, path: '/', method: 'POST' } as const
  return {
    dispatcher,
    request,
    requests,
    answer: () => connections.at(-1)?.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
  }
}

test('each of two requests for one connection learns of it when it leaves itself, before its body does', async () => {
  const { dispatcher, request, requests, answer } = await startServer()
  const told: string[] = []
  const ask = (name: string) =>
    exchange(
      dispatcher,
      { ...request, body: Buffer.from(name) },
      {
        signal: never,
        maxReplyBytes: 100,
        onStart: () => told.push(`${name} starts`),
        onLeaving: ({ remotePort }) => told.push(`${name} leaves ${remotePort === undefined ? 'nowhere' : 'here'}`),
      },
    )
  const [first, second] = [ask('first'), ask('second')]
  await expect.poll(() => requests.length).toBe(1)
  expect(told).toEqual(['first starts', 'first leaves here'])
  answer()
  expect((await first).text).toBe('ok')
  await expect.poll(() => requests.length).toBe(2)
  expect(told.slice(2)).toEqual(['second starts', 'second leaves here'])
  answer()
  expect((await second).text).toBe('ok')
})

test('a request without a body takes the connection of no other', async () => {
  const { dispatcher, request, requests, answer } = await startServer()
  const told: string[] = []
  const options = { signal: never, maxReplyBytes: 100, onLeaving: () => told.push('left') }
  const asked = exchange(dispatcher, { ...request, method: 'GET' }, options)
  await expect.poll(() => requests.length).toBe(1)
  answer()
  await asked
  expect(told).toEqual([])
})

test('the time is over for a request that still waits for the connection of another', async () => {
  const { dispatcher, request, requests, answer } = await startServer()
  const stop = new AbortController()
  const first = exchange(dispatcher, request, { signal: never, maxReplyBytes: 100 })
  await expect.poll(() => requests.length).toBe(1)
  let hasStarted = false
  const second = exchange(dispatcher, request, {
    ...{ signal: stop.signal, timeoutMs: 20, maxReplyBytes: 100 },
    onStart() {
      hasStarted = true
    },
  })
  await expect(second).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
  answer()
  expect((await first).text).toBe('ok')
  // The connection is free for what is still wanted; of the other nothing is sent.
  const third = exchange(dispatcher, { ...request, path: '/third' }, { signal: never, maxReplyBytes: 100 })
  await expect.poll(() => requests.length).toBe(2)
  answer()
  await third
  expect(hasStarted).toBe(false)
  expect(requests[1]).toMatch(/^POST \/third /)
})

test('a promise that settles is waited for no longer than until then, and leaves nothing at the signal', async () => {
  const stop = new AbortController()
  expect(await untilAborted(Promise.resolve(1), stop.signal)).toBe(1)
  await expect(untilAborted(Promise.reject(new Error('broken')), stop.signal)).rejects.toThrow('broken')
  expect(getEventListeners(stop.signal, 'abort')).toEqual([])
})

test.for(['before', 'while it is waited for'])(
  'an abort %s ends the wait, and what comes later is dropped',
  async (when) => {
    const stop = new AbortController()
    const late = Promise.withResolvers<void>()
    if (when === 'before') stop.abort()
    const waiting = untilAborted(late.promise, stop.signal)
    stop.abort()
    await expect(waiting).rejects.toBe(stop.signal.reason)
    late.reject(new Error('nobody hears of it'))
    await expect(late.promise).rejects.toThrow()
  },
)
