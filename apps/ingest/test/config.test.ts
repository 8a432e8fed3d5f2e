import { expect, test } from 'vitest'
import { readConfig } from '../src/config.ts'

const good = {
  DATABASE_URL: 'postgresql://rushes:password@localhost:5432/rushes',
  OBJECT_STORE_URL: 'file:///srv/footage',
  RUSHES_SECRET: 'a-secret-of-enough-length',
}

test('the least that has to be set gives the documented defaults', () => {
  expect(readConfig(good)).toEqual({
    databaseUrl: good.DATABASE_URL,
    storeDir: '/srv/footage',
    host: '127.0.0.1',
    port: 3002,
    publicUrl: 'http://localhost:3000',
    ingestUrl: 'http://localhost:3002',
    secrets: [good.RUSHES_SECRET],
    clientSecret: undefined,
    rateLimits: 'default',
    trustedProxies: [],
  })
})

test('an empty value counts as none, a trailing slash as nothing, and the older secret still verifies', () => {
  const config = readConfig({
    ...good,
    RUSHES_HOST: '',
    RUSHES_INGEST_URL: 'https://ingest.example.com/',
    RUSHES_SECRET_PREVIOUS: 'the-secret-before-this-one',
    RUSHES_TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::1',
  })
  expect(config).toMatchObject({ host: '127.0.0.1', ingestUrl: 'https://ingest.example.com' })
  expect(config.secrets).toEqual([good.RUSHES_SECRET, 'the-secret-before-this-one'])
  expect(config.trustedProxies).toEqual(['10.0.0.0/8', '2001:db8::1'])
})

test.each([
  ['DATABASE_URL', undefined],
  ['DATABASE_URL', 'mysql://localhost/x'],
  ['DATABASE_URL', 'localhost:5432'],
  ['OBJECT_STORE_URL', undefined],
  ['OBJECT_STORE_URL', '/srv/footage'],
  ['OBJECT_STORE_URL', 'file://other-host/srv'],
  ['OBJECT_STORE_URL', 's3://bucket'],
  ['RUSHES_SECRET', undefined],
  ['RUSHES_SECRET', 'short'],
  ['RUSHES_SECRET_PREVIOUS', 'short'],
  ['RUSHES_INGEST_PORT', '65536'],
  ['RUSHES_INGEST_PORT', '3002x'],
  ['RUSHES_PUBLIC_URL', 'rushes.example.com'],
  ['RUSHES_INGEST_URL', 'ftp://x'],
  ['RUSHES_CLIENT_SECRET', 'short'],
  ['RUSHES_RATE_LIMITS', 'fast'],
  ['RUSHES_TRUSTED_PROXIES', '10.0.0.0/33'],
  ['RUSHES_TRUSTED_PROXIES', 'proxy.example.com'],
])('%s=%s stops the start with its name and an example', (name, value) => {
  expect(() => readConfig({ ...good, [name]: value })).toThrow(
    expect.objectContaining({
      code: 'badEnvironment',
      message: expect.stringContaining(name),
      hint: expect.stringContaining(`${name}=`),
    }),
  )
})
