import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { refuse } from '../src/agent/upgrade.ts'

const server = createServer({ allowHalfOpen: true })
afterEach(() => void server.close())

test('the socket of a refused upgrade is let go of, although the other side keeps its half open', async () => {
  const { promise: closed, resolve } = Promise.withResolvers<Socket>()
  server.on('connection', (socket) => {
    socket.once('close', () => resolve(socket))
    refuse(socket, { status: 404, code: 'notFound', hint: 'Devices connect at /agent' })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const client = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true })
  let answer = ''
  client.setEncoding('utf8').on('data', (text: string) => {
    answer += text
  })
  try {
    await once(client, 'end')
    expect((await closed).destroyed).toBe(true)
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
    expect(answer).toContain('"code":"notFound"')
  } finally {
    client.destroy()
  }
})
