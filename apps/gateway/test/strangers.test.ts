import { expect, test } from 'vitest'
import { createStrangers } from '../src/agent/strangers.ts'

const secrets = (count: number) => Array.from({ length: count }, (_, number) => `secret-${number}`)

test('an address without a good secret has a hundred tries a second, and another address its own', () => {
  const strangers = createStrangers()
  const tries = secrets(150).map((secret) => strangers.admit(secret, '192.0.2.1', 0))
  expect(tries.filter((admitted) => admitted !== null)).toHaveLength(64)
  for (const admitted of tries) admitted?.end('refused')
  const more = secrets(150).map((secret) => strangers.admit(secret, '192.0.2.1', 0))
  expect(more.filter((admitted) => admitted !== null)).toHaveLength(36)
  for (const admitted of more) admitted?.end('refused')
  expect(strangers.admit('x', '192.0.2.1', 0)).toBeNull()
  expect(strangers.admit('x', '192.0.2.2', 0)).not.toBeNull()
  expect(strangers.admit('x', '192.0.2.1', 10)).not.toBeNull()
})

test('all addresses of a /64 network are one stranger', () => {
  const strangers = createStrangers()
  for (let host = 1; host <= 64; host++) strangers.admit('x', `2001:db8::${host.toString(16)}`, 0)
  expect(strangers.admit('x', '2001:db8::ffff', 0)).toBeNull()
  expect(strangers.admit('x', '2001:db8:0:1::1', 0)).not.toBeNull()
})

test('devices that share an address come back all at once, and those whose secret proves good are never counted', () => {
  const strangers = createStrangers()
  for (const secret of secrets(1_000)) strangers.admit(secret, '192.0.2.1', 0)?.end('good')
  const again = secrets(1_000).map((secret) => strangers.admit(secret, '192.0.2.1', 0))
  expect(again.filter((admitted) => admitted !== null)).toHaveLength(1_000)
})

test('a secret that is not good any more makes its device a stranger', () => {
  const strangers = createStrangers()
  strangers.admit('revoked', '192.0.2.1', 0)?.end('good')
  // While the database is away nobody can tell, and who was good still counts as good.
  strangers.admit('revoked', '192.0.2.1', 0)?.end(null)
  for (let count = 0; count < 200; count++) expect(strangers.admit('revoked', '192.0.2.1', 0)).not.toBeNull()
  strangers.admit('revoked', '192.0.2.1', 0)?.end('refused')
  const tries = Array.from({ length: 100 }, () => strangers.admit('revoked', '192.0.2.1', 0))
  expect(tries.filter((admitted) => admitted !== null)).toHaveLength(64)
})
