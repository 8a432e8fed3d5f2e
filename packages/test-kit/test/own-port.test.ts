import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePort, listenOn, listenOnOwnPort } from '../src/own-port.ts'

test('a port of its own is none that a system gives to whoever asks for any', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort))
  expect(ports.filter((port) => port < 10_240 || port >= 32_768)).toEqual([])
})

test('a server that was closed comes back at its port, and where another one has it that is told', async () => {
  const [server, other] = [createServer(), createServer()]
  const port = await listenOnOwnPort(server)
  server.close()
  await once(server, 'close')
  await listenOn(other, port)
  await expect(listenOn(server, port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  other.close()
  await once(other, 'close')
  await listenOn(server, port)
  server.close()
})
