import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer as createTcpServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { trustAuthorities } from '../../src/network-settings.ts'
import { makeCertificates } from '../destination/certificates.ts'
import { tempDir } from '../destination/harness.ts'
import { deadPort, endAll, listen, onlyProblem, routeTo } from './checks.ts'
import { dateCertificate } from './dated-certificate.ts'

afterEach(endAll)

async function secureServer(names: readonly string[], validity?: { from: string; to: string }) {
  const folder = await tempDir()
  const { caFile, key, ...made } = makeCertificates(folder, names)
  const cert = validity === undefined ? made.cert : dateCertificate(folder, names[0] ?? '', validity)
  const port = await listen(createHttpsServer({ key, cert }, (_request, response) => response.end()))
  return { caFile, port }
}

/** A proxy that leads everywhere on this machine, or answers a wish with a status. */
async function proxyServer(status = 200): Promise<{ url: string; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = []
  const proxy = createHttpServer()
  proxy.on('connect', (request, client) => {
    asked.push(request.headers['proxy-authorization'])
    client.on('error', () => undefined) // it may leave at any time
    if (status !== 200) return client.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\n\r\n`)
    const far = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      client.pipe(far).pipe(client)
    })
    far.on('error', () => client.destroy())
    return far
  })
  return { url: `http://somebody:secret@127.0.0.1:${await listen(proxy)}`, asked }
}

test('a name that nobody knows is told as such', async () => {
  const problem = onlyProblem(await routeTo('https://ingest.invalid'))
  expect(problem).toMatchObject({
    check: 'destination.name',
    message: expect.stringMatching(/ingest\.invalid .*resolved/),
  })
})

test('a port at which nothing listens is told with the port', async () => {
  const port = await deadPort()
  const problem = onlyProblem(await routeTo(`https://127.0.0.1:${port}`))
  expect(problem).toMatchObject({ check: 'destination.connection', advice: expect.stringContaining('check the port') })
  expect(problem.message).toContain(`port ${port} (ECONNREFUSED)`)
})

test('an address that no answer comes from does not keep anybody waiting', async () => {
  const problem = onlyProblem(await routeTo('https://192.0.2.1', null, 300))
  expect(problem).toMatchObject({ check: 'destination.connection', message: expect.stringContaining('192.0.2.1') })
})

test('a dead proxy is told as the proxy, without its password', async () => {
  const checks = await routeTo('https://ingest.invalid', `http://somebody:secret@127.0.0.1:${await deadPort()}`)
  const problem = onlyProblem(checks)
  expect(problem).toMatchObject({ check: 'destination.connection', advice: expect.stringContaining('HTTPS_PROXY') })
  expect(problem.message).toContain('the proxy 127.0.0.1')
  expect(JSON.stringify(checks)).not.toContain('secret')
})

test.for([
  [407, 'USER:PASSWORD'],
  [403, 'let this device out to ingest.invalid:443'],
] as const)('a proxy that refuses with %i is told with what to do', async ([status, advice]) => {
  const proxy = await proxyServer(status)
  const problem = onlyProblem(await routeTo('https://ingest.invalid', proxy.url))
  expect(problem).toMatchObject({ check: 'destination.proxy', advice: expect.stringContaining(advice) })
  expect(problem.message).toContain(`HTTP ${status}`)
  expect(proxy.asked).toEqual([`Basic ${btoa('somebody:secret')}`])
})

test('what answers in place of a proxy and is none is told', async () => {
  const port = await listen(createTcpServer((socket) => socket.destroy()))
  const problem = onlyProblem(await routeTo('https://ingest.invalid', `http://127.0.0.1:${port}`))
  expect(problem).toMatchObject({ check: 'destination.proxy', message: expect.stringContaining('does not answer') })
})

test('a certificate by an authority that is not trusted is told with the authority, and is well once that is trusted, through a proxy too', async () => {
  const { caFile, port } = await secureServer(['localhost', 'ingest.invalid'])
  const problem = onlyProblem(await routeTo(`https://localhost:${port}`))
  expect(problem).toMatchObject({ check: 'destination.encryption', advice: expect.stringContaining('caFile') })
  expect(problem.message).toContain('by Test authority')

  trustAuthorities(caFile)
  const direct = await routeTo(`https://localhost:${port}`)
  expect(direct.map(({ check, ok }) => [check, ok])).toEqual([
    ['destination.name', true],
    ['destination.connection', true],
    ['destination.encryption', true],
  ])
  const { url } = await proxyServer()
  const proxied = await routeTo(`https://ingest.invalid:${port}`, url)
  expect(proxied.map(({ check, ok }) => [check, ok])).toEqual([
    ['destination.connection', true],
    ['destination.proxy', true],
    ['destination.encryption', true],
  ])
})

test('a certificate for another name is told with the names that it has', async () => {
  const { caFile, port } = await secureServer(['ingest.invalid', 'other.invalid'])
  trustAuthorities(caFile)
  const problem = onlyProblem(await routeTo(`https://localhost:${port}`))
  expect(problem.message).toMatch(
    /ingest\.invalid.*other\.invalid.* not for localhost \[ERR_TLS_CERT_ALTNAME_INVALID\]/,
  )
})

test.for([
  ['has ended', { from: '20200101000000Z', to: '20200201000000Z' }, 'ended at Feb', 'CERT_HAS_EXPIRED'],
  ['has not begun', { from: '20900101000000Z', to: '20900201000000Z' }, 'only from Jan', 'CERT_NOT_YET_VALID'],
] as const)('a certificate that %s is told with its time', async ([, validity, words, code]) => {
  const { caFile, port } = await secureServer(['localhost'], validity)
  trustAuthorities(caFile)
  const problem = onlyProblem(await routeTo(`https://localhost:${port}`))
  expect(problem.message).toContain(words)
  expect(problem.message).toContain(`[${code}]`)
  expect(problem.advice).toContain('clock')
})

test('a port that speaks no TLS is told', async () => {
  const port = await listen(createHttpServer((_request, response) => response.end('hello')))
  const problem = onlyProblem(await routeTo(`https://127.0.0.1:${port}`))
  expect(problem).toMatchObject({ check: 'destination.encryption', advice: expect.stringContaining('TLS') })
})

test('what takes a connection and then says nothing is given up', async () => {
  const port = await listen(createTcpServer((socket) => socket.unref()))
  const problem = onlyProblem(await routeTo(`https://127.0.0.1:${port}`, null, 300))
  expect(problem).toMatchObject({ check: 'destination.encryption', message: expect.stringContaining('ETIMEDOUT') })
})
