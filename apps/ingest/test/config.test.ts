import { describe, expect, test } from 'vitest'
import { readConfig } from '../src/config.ts'

const good = {
  DATABASE_URL: 'postgresql://rushes:password@localhost:5432/rushes',
  OBJECT_STORE_URL: 'file:///srv/footage',
  RUSHES_SECRET: 'a-secret-of-enough-length',
}

test('the least that has to be set gives the documented defaults', () => {
  expect(readConfig(good)).toEqual({
    databaseUrl: good.DATABASE_URL,
    store: { kind: 'folder', dir: '/srv/footage' },
    storeQuotaBytes: null,
    storeLowBytes: 10_000_000_000,
    metricsPort: null,
    drainMs: 6_000,
    host: '127.0.0.1',
    port: 3002,
    publicUrl: 'http://localhost:3000',
    ingestUrl: 'http://localhost:3002',
    secrets: [good.RUSHES_SECRET],
    clientSecret: undefined,
    rateLimits: 'default',
    scrub: { everyDays: 30, bytesPerSecond: 33_554_432 },
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

describe('a bucket', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' }
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' }
  const bucket = (url: string, env: Record<string, string> = {}) =>
    readConfig({ ...good, ...keys, ...env, OBJECT_STORE_URL: url }).store

  test('of another store than Amazon’s is named with its endpoint', () => {
    expect(bucket('s3://footage?endpoint=http://127.0.0.1:7480&region=default')).toEqual({
      kind: 's3',
      bucket: 'footage',
      endpoint: 'http://127.0.0.1:7480',
      region: 'default',
      credentials,
    })
  })

  test('takes its region from the address, else from the environment, and keys that are temporary with their token', () => {
    const env = { AWS_REGION: 'eu-west-1', AWS_SESSION_TOKEN: 'token' }
    expect(bucket('s3://footage', env)).toMatchObject({
      endpoint: null,
      region: 'eu-west-1',
      credentials: { ...credentials, sessionToken: 'token' },
    })
    expect(bucket('s3://footage?region=eu-north-1', env)).toMatchObject({ region: 'eu-north-1' })
  })

  test.each(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])('without %s stops the start', (name) => {
    expect(() => bucket('s3://footage', { [name]: '' })).toThrow(
      expect.objectContaining({ code: 'badEnvironment', message: expect.stringContaining(name) }),
    )
  })
})

test.each([
  ['DATABASE_URL', undefined],
  ['DATABASE_URL', 'mysql://localhost/x'],
  ['DATABASE_URL', 'localhost:5432'],
  ['OBJECT_STORE_URL', undefined],
  ['OBJECT_STORE_URL', '/srv/footage'],
  ['OBJECT_STORE_URL', 'file://other-host/srv'],
  ['OBJECT_STORE_URL', 's3://B'],
  ['OBJECT_STORE_URL', 's3://key:secret@footage'],
  ['OBJECT_STORE_URL', 's3://footage/folder'],
  ['OBJECT_STORE_URL', 's3://footage?endpoint=s3.example.com'],
  ['OBJECT_STORE_URL', 's3://footage?endpoint=https://s3.example.com/path'],
  ['OBJECT_STORE_URL', 's3://footage?region=eu%20central'],
  ['OBJECT_STORE_URL', 's3://footage?prefix=a'],
  ['AWS_REGION', 'Frankfurt!'],
  ['RUSHES_SECRET', undefined],
  ['RUSHES_SECRET', 'short'],
  ['RUSHES_SECRET_PREVIOUS', 'short'],
  ['RUSHES_INGEST_PORT', '65536'],
  ['RUSHES_INGEST_PORT', '3002x'],
  ['RUSHES_PUBLIC_URL', 'rushes.example.com'],
  ['RUSHES_INGEST_URL', 'ftp://x'],
  ['RUSHES_CLIENT_SECRET', 'short'],
  ['RUSHES_SCRUB_DAYS', '-1'],
  ['RUSHES_SCRUB_DAYS', 'monthly'],
  ['RUSHES_SCRUB_BYTES_PER_SECOND', '1000'],
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
