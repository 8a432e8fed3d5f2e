import { once } from 'node:events'
import { createServer } from 'node:net'
import { Agent } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { exchange } from '../../src/destination/exchange.ts'
import { networkFailure } from '../../src/destination/network-failure.ts'
import { never } from './harness.ts'

/** What a request fails with whose reply is this. */
async function failureOf(reply: string) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined) // the client ends what it does not understand
    socket.once('data', () => socket.end(reply))
  })
  server.listen(0, '127.0.0.1')
  const dispatcher = new Agent()
  onTestFinished(async () => {
    server.close()
    await dispatcher.destroy()
  })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it listens at a port')
  const request = { origin: `http://127.0.0.1:${address.port}`, path: '/', method: 'GET' } as const
  try {
    await exchange(dispatcher, request, { signal: never, maxReplyBytes: 1_000 })
  } catch (error) {
    return networkFailure(error)
  }
  throw new Error('that was a reply')
}

test.for([
  ['no HTTP at all', 'SSH-2.0-OpenSSH_9.6\r\n', 'protocol'],
  ['a body that is not as its head says', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{"id":1}', 'protocol'],
  ['a head that ends in the middle', 'HTTP/1.1 200 OK\r\ncontent-le', 'reset'],
  ['a body that ends in the middle', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"id', 'reset'],
] as const)('a reply that is %s has a code and a class of its own', async ([, reply, expected]) => {
  const failure = await failureOf(reply)
  expect(failure).toMatchObject({ kind: 'network', class: expected, requestSent: true })
  expect(failure.code).toMatch(/^(HPE|UND_ERR)_/)
})
