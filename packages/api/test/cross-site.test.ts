import { expect, test } from 'vitest'
import { crossSiteRefusal } from '../src/cross-site.ts'

const publicUrl = 'https://rushes.example.com'

function refusal(headers: Record<string, string>, method = 'POST') {
  return crossSiteRefusal(new Request('http://inside.test/api/trpc/x', { method, headers }), publicUrl)?.status ?? null
}

const json = { 'content-type': 'application/json; charset=utf-8' }

test('a mutation from the public origin goes on', () => {
  expect(refusal({ ...json, origin: publicUrl })).toBeNull()
})

test('a mutation from the very host that it was sent to goes on, so that the site works under its other names', () => {
  expect(refusal({ ...json, origin: 'http://192.168.1.5:3000', host: '192.168.1.5:3000' })).toBeNull()
})

test.each([
  ['another site', { origin: 'https://evil.example' }],
  ['a sister domain', { origin: 'https://other.example.com' }],
  ['the same name with another port', { origin: 'https://rushes.example.com:8443' }],
  ['the same name without encryption', { origin: 'http://rushes.example.com' }],
  ['a sandboxed frame', { origin: 'null' }],
  ['no origin at all', {}],
  ['another site that names our host', { origin: 'https://evil.example', host: 'rushes.example.com' }],
])('a mutation from %s is refused', (_from, headers) => {
  expect(refusal({ ...json, ...headers })).toBe(403)
})

test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])(
  'a body of type “%s”, which any page can send, is refused',
  (type) => {
    expect(refusal({ origin: publicUrl, 'content-type': type })).toBe(415)
  },
)

test('reading needs neither: another site cannot see the answer', () => {
  expect(refusal({}, 'GET')).toBeNull()
})
