import { createServer, get, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nameCallers } from '../src/server/name-callers.ts'

const { emit } = Server.prototype
const seen: (string | undefined)[] = []
const server = createServer((request, response) => {
  seen.push(request.headers['x-forwarded-for']?.toString())
  response.end()
})

beforeEach(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterEach(() => {
  Server.prototype.emit = emit
  seen.length = 0
  return new Promise((resolve) => server.close(resolve))
})

const ask = (forwardedFor?: string) =>
  new Promise<void>((resolve, reject) => {
    const { port } = server.address() as AddressInfo
    const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }
    get({ port, host: '127.0.0.1', headers, agent: false }, (response) => {
      response.resume()
      response.on('end', resolve)
    }).on('error', reject)
  })

test('whatever a client writes about where it comes from, its connection tells', async () => {
  nameCallers([])
  await ask()
  await ask('203.0.113.5')
  await ask('6.6.6.6, nonsense')
  expect(seen).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1'])
})

test('a proxy that is trusted tells', async () => {
  nameCallers(['127.0.0.1'])
  await ask('6.6.6.6, 203.0.113.5')
  expect(seen).toEqual(['203.0.113.5'])
})
