import { expect, test } from 'vitest'
import { contentSecurityPolicy } from '../src/routing/security-headers.ts'
import { storeOriginOf } from '../src/routing/store-origin.ts'
import { upstreamOf } from '../src/routing/upstream.ts'

const targets = { gatewayUrl: 'http://127.0.0.1:3001', ingestUrl: 'http://127.0.0.1:3002' }
const upstream = (path: string, query = '') => upstreamOf(path, query, targets)?.href ?? null

test.each([
  ['/agent', '', 'http://127.0.0.1:3001/agent'],
  ['/live/live.fleet', '?input=%7B%7D', 'http://127.0.0.1:3001/live/live.fleet?input=%7B%7D'],
  ['/clips/6f0c/content', '', 'http://127.0.0.1:3002/clips/6f0c/content'],
  ['/clips/6f0c/content', '?download=1', 'http://127.0.0.1:3002/clips/6f0c/content?download=1'],
])('%s%s is answered at %s', (path, query, target) => {
  expect(upstream(path, query)).toBe(target)
})

test.each(['/', '/fleet', '/agents', '/agent/x', '/lively', '/clips', '/clips/6f0c', '/clips/6f0c/', '/api/trpc/me'])(
  '%s is answered by the control plane itself',
  (path) => {
    expect(upstream(path)).toBeNull()
  },
)

test.each(['//evil.example/agent', '/live//evil.example', '/clips/x//evil.example', '/live/\\evil.example'])(
  'the path %s does not choose the host',
  (path) => {
    const target = upstreamOf(path, '', targets)
    expect([null, '127.0.0.1:3001', '127.0.0.1:3002']).toContain(target?.host ?? null)
  },
)

test('scripts run only with the nonce of their answer, and no site may frame a page', () => {
  const policy = contentSecurityPolicy('abc', false, null)
  expect(policy).toContain("script-src 'self' 'nonce-abc' 'strict-dynamic'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toMatch(/script-src[^;]*unsafe/)
  expect(policy).not.toContain('upgrade-insecure-requests')
  expect(contentSecurityPolicy('abc', true, null)).toContain('upgrade-insecure-requests')
})

test('clips in a bucket may be played from there, and nothing else comes from there', () => {
  const policy = contentSecurityPolicy('abc', true, 'https://s3.example.com')
  expect(policy).toContain("media-src 'self' https://s3.example.com;")
  expect(policy).toContain("img-src 'self' https://s3.example.com data: blob:;")
  expect(policy.match(/s3\.example\.com/g)).toHaveLength(2)
  expect(contentSecurityPolicy('abc', true, null)).toContain("media-src 'self';")
})

test.each([
  ['file:///srv/rushes', null],
  ['', null],
  ['s3://clips?endpoint=http://127.0.0.1:7480&region=default', 'http://127.0.0.1:7480'],
  ['s3://clips?region=eu-central-1', 'https://clips.s3.eu-central-1.amazonaws.com'],
  ['s3://clips.of.ours', 'https://s3.us-east-1.amazonaws.com'],
  ["s3://clips?endpoint=https://evil.example;script-src%20'unsafe-inline'", null],
  ['s3://clips?endpoint=ftp://store', null],
])('the bytes of the store %s come from %s', (url, origin) => {
  expect(storeOriginOf(url, 'us-east-1')).toBe(origin)
})
