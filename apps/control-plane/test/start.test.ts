import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { ConfigError, readConfig } from '../src/config.ts'
import { askProgram, checkHealth } from '../src/server/health.ts'
import { ownPath } from '../src/sign-in/own-path.ts'

const good = {
  DATABASE_URL: 'postgresql://rushes@localhost/rushes',
  RUSHES_SECRET: 'a secret that is long enough',
  RUSHES_PUBLIC_URL: 'https://rushes.example.com/',
  RUSHES_GATEWAY_URL: 'http://127.0.0.1:3001',
  RUSHES_INGEST_URL: 'http://127.0.0.1:3002',
}

test('a complete environment is read, the public address as an origin', () => {
  expect(readConfig(good)).toMatchObject({ publicUrl: 'https://rushes.example.com', trustedProxies: [] })
  expect(readConfig({ ...good, RUSHES_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.7' }).trustedProxies).toEqual([
    '10.0.0.0/8',
    '192.0.2.7',
  ])
})

test.each(Object.keys(good))('a missing %s is named, with an example', (name) => {
  const failure = failureOf({ ...good, [name]: undefined })
  expect(failure.message).toMatch(new RegExp(`${name} is missing; for example ${name}=\\S`))
})

test.each([
  ['DATABASE_URL', 'mysql://localhost'],
  ['RUSHES_SECRET', 'short'],
  ['RUSHES_PUBLIC_URL', 'rushes.example.com'],
  ['RUSHES_GATEWAY_URL', 'ftp://127.0.0.1'],
  ['RUSHES_TRUSTED_PROXIES', 'proxy.example.com'],
])('a malformed %s is named', (name, value) => {
  expect(failureOf({ ...good, [name]: value }).message).toContain(`${name} is malformed`)
})

test('all that is wrong is told at once', () => {
  expect(failureOf({}).message.match(/is missing/g)).toHaveLength(5)
})

function failureOf(environment: Record<string, string | undefined>): ConfigError {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('the environment was taken')
}

const fine = async () => undefined

test('all is well only when every component is', async () => {
  const failed: string[] = []
  const ok = await checkHealth({ database: fine, gateway: fine, ingest: fine }, 1_000, (name) => failed.push(name))
  expect(ok).toEqual({ status: 'ok', components: { database: 'ok', gateway: 'ok', ingest: 'ok' } })
  expect(failed).toEqual([])
})

test('the failing component is named; one that never answers counts as failing', async () => {
  const failed: string[] = []
  const broken = async () => Promise.reject(new Error('refused'))
  const silent = () => new Promise<void>(() => undefined)
  const health = await checkHealth({ database: fine, gateway: broken, ingest: silent }, 50, (name) => failed.push(name))
  expect(health).toEqual({ status: 'failing', components: { database: 'ok', gateway: 'failing', ingest: 'failing' } })
  expect(failed.sort()).toEqual(['gateway', 'ingest'])
})

test('a program tells operators of conditions while it is well; whatever else it answers is none', async () => {
  const bodies = ['{"conditions":["storeLow"]}', '{"conditions":"all"}', '{}', 'well']
  const server = createServer((_request, response) => void response.end(bodies.shift())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  const told = []
  for (let i = 0; i < 4; i++) told.push(await askProgram(url, AbortSignal.timeout(5_000)))
  expect(told).toEqual([['storeLow'], [], [], []])
  server.close()
})

test.each([
  ['/devices/1?tab=queue', '/devices/1?tab=queue'],
  ['https://evil.example', '/fleet'],
  ['//evil.example', '/fleet'],
  ['/\\evil.example', '/fleet'],
  ['/sign-in?next=/x', '/fleet'],
  ['javascript:alert(1)', '/fleet'],
  [undefined, '/fleet'],
  [['/a', '/b'], '/fleet'],
])('after signing in with next=%j one lands on %s', (wanted, path) => {
  expect(ownPath(wanted)).toBe(path)
})
