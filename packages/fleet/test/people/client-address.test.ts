import { expect, test } from 'vitest'
import { clientAddressReader } from '../../src/people/client-address.ts'

const read = clientAddressReader(['127.0.0.0/8', '::1', '10.1.2.3'])

test.each([
  ['192.0.2.9', undefined, '192.0.2.9'],
  ['::ffff:192.0.2.9', undefined, '192.0.2.9'],
  ['127.0.0.1', '203.0.113.5', '203.0.113.5'],
  ['127.0.0.1', '6.6.6.6, 203.0.113.5', '203.0.113.5'],
  ['127.0.0.1', ['6.6.6.6', '203.0.113.5'], '203.0.113.5'],
  ['::1', '6.6.6.6, 203.0.113.5, 10.1.2.3', '203.0.113.5'],
  ['192.0.2.9', '203.0.113.5', '192.0.2.9'],
  ['127.0.0.1', 'nonsense', '127.0.0.1'],
  ['127.0.0.1', undefined, '127.0.0.1'],
  [undefined, '203.0.113.5', null],
])('a request from %s that was forwarded for %s comes from %s', (socketAddress, forwardedFor, expected) => {
  expect(read({ socketAddress, forwardedFor })).toBe(expected)
})

test('a proxy that is no address is refused', () => {
  expect(() => clientAddressReader(['proxy.example.com'])).toThrow()
})
