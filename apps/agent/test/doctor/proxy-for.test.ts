import { expect, test } from 'vitest'
import { proxyFor } from '../../src/doctor/proxy-for.ts'

const proxies = { httpProxy: 'http://plain:1', httpsProxy: 'http://secure:2' }

test.for([
  ['https://ingest.example', '', 'secure:2'],
  ['http://ingest.example', '', 'plain:1'],
  ['wss://ingest.example/agent', '', 'secure:2'],
  ['https://ingest.example', 'example', null],
  ['https://ingest.example', '.example, other', null],
  ['https://ingest.example', '*.example', null],
  ['https://example', '*.example', 'secure:2'],
  ['https://ingest.example', '*', null],
  ['https://ingest.example', 'gest.example', 'secure:2'],
  ['https://ingest.example', 'ingest.example:443', null],
  ['https://ingest.example:8443', 'ingest.example:443', 'secure:2'],
  ['https://[::1]:8443', '::1', null],
  ['https://[::1]:8443', '[::1]:8443', null],
  ['https://127.0.0.1', 'localhost,127.0.0.1', null],
] as const)('%s with NO_PROXY=%s is reached through %s', ([url, noProxy, expected]) => {
  expect(proxyFor(new URL(url), { ...proxies, noProxy })?.host ?? null).toBe(expected)
})

test('without a proxy for encrypted addresses uploads take the other, the control link none', () => {
  const settings = { ...proxies, httpsProxy: '', noProxy: '' }
  expect(proxyFor(new URL('https://ingest.example'), settings)?.host).toBe('plain:1')
  expect(proxyFor(new URL('wss://ingest.example'), settings)).toBeNull()
})
