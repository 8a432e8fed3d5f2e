import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import Fastify from 'fastify'
import { afterEach, expect, it } from 'vitest'
import { limitBodyTime } from '../src/http/body-deadline.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** A server that answers before a body has come, and a connection that has sent the beginning of one. */
async function answeredEarly(lingerMs: number): Promise<{ socket: Socket; answer: string }> {
  const app = Fastify()
  limitBodyTime(app, { bodyMs: 60_000, lingerMs }, () => false)
  app.addHook('onRequest', async (_request, reply) => reply.code(401).send('no'))
  app.post('/', async () => 'never')
  const address = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  ends.push(() => app.close())
  const socket = connect(Number(address.port), '127.0.0.1')
  ends.push(() => socket.destroy())
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\nhalf ')
  const [answer] = await once(socket, 'data')
  return { socket, answer: String(answer) }
}

it('cuts off a sender who was answered and whose body never comes to its end', async () => {
  const { socket, answer } = await answeredEarly(50)
  expect(answer).toMatch(/^HTTP\/1.1 401/)
  await once(socket, 'close')
})

it('throws the rest of an answered body away when it comes in time, and serves the connection on', async () => {
  const { socket } = await answeredEarly(60_000)
  socket.write('whole')
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n')
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1.1 401/)
})
