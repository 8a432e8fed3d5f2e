import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { createDestination } from '../../src/destination/create-destination.ts'
import { createDispatcher } from '../../src/destination/create-dispatcher.ts'
import { realClock } from '../../src/link/link-clock.ts'
import { openSocket } from '../../src/link/open-socket.ts'
import { proxyControlLink, trustAuthorities } from '../../src/network-settings.ts'
import { makeCertificates } from './certificates.ts'
import { carried, eagerCourier } from './courier-to-test.ts'
import { never, newSettings, partOf, tempDir, tempFile } from './harness.ts'

/** A name that no resolver knows: whoever reaches it was led there. */
const host = 'ingest.invalid'
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function listen(server: Server, address = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}

const answer = (request: IncomingMessage, response: ServerResponse) => {
  request.resume()
  request.on('end', () =>
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end('{"ok":true}'),
  )
}

/** A server behind TLS whose authority this process does not know yet. */
async function secureServer() {
  const { caFile, key, cert } = makeCertificates(await tempDir(), [host])
  const server = createHttpsServer({ key, cert }, answer)
  const resumed: boolean[] = []
  server.on('secureConnection', (socket: TLSSocket) => resumed.push(socket.isSessionReused()))
  return { server, caFile, resumed, port: await listen(server) }
}

/** A proxy that knows where the name leads. */
async function proxyServer() {
  const asked: string[] = []
  const proxy = createHttpServer((_request, response) => response.writeHead(501).end())
  proxy.on('connect', (request, client, head) => {
    asked.push(request.url ?? '')
    const far = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      far.write(head)
      client.pipe(far).pipe(client)
    })
    for (const socket of [client, far]) {
      socket.on('error', () => undefined) // either end may leave at any time
      socket.on('close', () => [client, far].map((other) => other.destroy()))
    }
  })
  const port = await listen(proxy)
  const settings = { httpProxy: '', httpsProxy: `http://127.0.0.1:${port}`, noProxy: '127.0.0.1' }
  return { asked, settings }
}

function clientOf(port: number, proxy = { httpProxy: '', httpsProxy: '', noProxy: '' }) {
  const dispatcher = createDispatcher({ maxPartsInFlight: 2, proxy })
  cleanups.push(() => dispatcher.destroy())
  const baseUrl = `https://${host}:${port}`
  return { baseUrl, destination: createDestination(newSettings({ dispatcher }), { baseUrl, isOurs: true }) }
}

test('calls, parts and the control link go through the proxy, and an authority of the network is trusted once it is named', async () => {
  const { server, caFile, port } = await secureServer()
  const { asked, settings } = await proxyServer()
  const { destination, baseUrl } = clientOf(port, settings)
  const refused = await destination.health(never)
  expect(refused).toMatchObject({ kind: 'failed', failure: { class: 'tls', requestSent: false } })

  trustAuthorities(caFile)
  expect(await destination.health(never)).toEqual({ kind: 'healthy' })
  const part = await partOf(await tempFile(Buffer.alloc(3_000_000, 7)), `${baseUrl}/part-1?signature=x`)
  expect(await destination.putPart(part)).toMatchObject({ kind: 'stored' })

  proxyControlLink(settings)
  cleanups.push(() => proxyControlLink({ httpProxy: 'http://127.0.0.1:1', httpsProxy: '', noProxy: '*' }))
  const sockets = new WebSocketServer({ server })
  cleanups.push(() => sockets.close())
  const opened = Promise.withResolvers<void>()
  const fail = (why: unknown) => opened.reject(new Error(String(why)))
  const link = openSocket(
    { url: `wss://${host}:${port}/agent`, bearer: 'secret', clock: realClock },
    {
      opened: () => opened.resolve(),
      refused: fail,
      message: () => undefined,
      heard: () => undefined,
      flushed: () => undefined,
      lost: fail,
    },
  )
  await opened.promise
  link.close(null)
  await link.gone
  expect(new Set(asked)).toEqual(new Set([`${host}:${port}`]))
  expect(asked.length).toBeGreaterThanOrEqual(3)
})

test('a small part that goes by its thread takes the same proxy, and trusts the same authorities', async () => {
  const { caFile, port } = await secureServer()
  const { asked, settings: proxy } = await proxyServer()
  const part = await partOf(await tempFile(Buffer.alloc(1_000, 7)), `https://${host}:${port}/part-1?signature=x`)
  const outcomes = []
  for (const trusted of [null, caFile]) {
    const courier = eagerCourier({ proxy, caFile: trusted })
    cleanups.push(() => courier.close())
    outcomes.push(await carried(courier, part))
  }
  expect(outcomes).toMatchObject([{ kind: 'failed', failure: { class: 'tls' } }, { kind: 'stored' }])
  expect(new Set(asked)).toEqual(new Set([`${host}:${port}`]))
})

test('what is on this machine is reached without the proxy', async () => {
  const port = await listen(createHttpServer(answer))
  const { asked, settings } = await proxyServer()
  const dispatcher = createDispatcher({ maxPartsInFlight: 1, proxy: { ...settings, httpProxy: settings.httpsProxy } })
  cleanups.push(() => dispatcher.destroy())
  const baseUrl = `http://127.0.0.1:${port}`
  const destination = createDestination(newSettings({ dispatcher }), { baseUrl, isOurs: true })
  expect(await destination.health(never)).toEqual({ kind: 'healthy' })
  expect(asked).toEqual([])
})

test('a new connection takes up the TLS session of the one before', async () => {
  const { caFile, port, resumed } = await secureServer()
  const { settings } = await proxyServer()
  trustAuthorities(caFile)
  const { destination } = clientOf(port, settings)
  for (let count = 0; count < 3; count++) expect(await destination.health(never)).toEqual({ kind: 'healthy' })
  expect(resumed).toEqual([false, true, true])
})

test('a network that has IPv6 alone is enough', async () => {
  const port = await listen(createHttpServer(answer), '::1')
  const destination = createDestination(newSettings(), { baseUrl: `http://[::1]:${port}`, isOurs: true })
  expect(await destination.health(never)).toEqual({ kind: 'healthy' })
  const part = await partOf(await tempFile(Buffer.alloc(9, 7)), `http://[::1]:${port}/part-1`)
  expect(await destination.putPart(part)).toMatchObject({ kind: 'stored' })
})

test('a file of certificates that is none is refused with its name', async () => {
  const path = await tempFile(Buffer.from('not a certificate'))
  expect(() => trustAuthorities(path)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  expect(() => trustAuthorities('/nowhere/ca.pem')).toThrow(/\/nowhere\/ca\.pem/)
})
