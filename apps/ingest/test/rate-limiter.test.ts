import { expect, test } from 'vitest'
import { callerOf } from '../src/http/caller.ts'
import { createRateLimiter } from '../src/http/rate-limiter.ts'

test('a bucket lets its limit through at once, then as much as leaks out of it', () => {
  const limiter = createRateLimiter('frameio')
  const take = (nowMs: number) => limiter.take('device', 'create', nowMs)
  expect([0, 0, 0, 0, 0].map((nowMs) => take(nowMs).remaining)).toEqual([4, 3, 2, 1, 0])
  expect(take(0)).toEqual({ allowed: false, limit: 5, remaining: 0, windowMs: 1_000 })
  expect(take(199).allowed).toBe(false)
  expect(take(200).allowed).toBe(true)
  expect(take(201).allowed).toBe(false)
  expect(take(5_000).remaining).toBe(4)
})

test('subjects and kinds of calls are limited apart, and a clock that is set back does not fill a bucket', () => {
  const limiter = createRateLimiter('frameio')
  for (let i = 0; i < 5; i++) limiter.take('a', 'create', 1_000)
  expect(limiter.take('a', 'create', 500).allowed).toBe(false)
  expect(limiter.take('a', 'read', 1_000).allowed).toBe(true)
  expect(limiter.take('b', 'create', 1_000).allowed).toBe(true)
})

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', ''],
])('calls from %s are counted against %s', (ip, caller) => {
  expect(callerOf(ip)).toBe(caller)
})
