import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffBoundMs, consequenceOf, decideRetry, fullJitterMs, retryLimits } from '../src/index.ts'

test('30 attempts are made in three jobs of ten, then one after the next boot, and no more', () => {
  const kinds = Array.from({ length: 33 }, (_, index) => decideRetry(index + 1, 0.5).kind)
  expect(kinds.slice(0, 30)).toEqual([
    ...Array(9).fill('backoff'), 'deprioritise',
    ...Array(9).fill('backoff'), 'deprioritise',
    ...Array(9).fill('backoff'), 'awaitRestart',
  ]) // biome-ignore format: a row a job
  expect(kinds.slice(30)).toEqual(['giveUp', 'giveUp', 'giveUp'])
})

test('delays double within a job up to their cap and begin small again with the next', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempt) => backoffBoundMs(attempt))).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
  ])
  expect(decideRetry(11, 1)).toEqual({ kind: 'backoff', delayMs: 1_000 })
})

test('a bound stays finite however many attempts there were', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      (attempt) => backoffBoundMs(attempt) <= retryLimits.maxDelayMs,
    ),
  )
})

test('jitter spreads over the whole bound, in whole milliseconds, and never past it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (bound, random) => {
        const delay = fullJitterMs(bound, random)
        return Number.isInteger(delay) && delay >= 0 && delay <= bound
      },
    ),
  )
  expect(fullJitterMs(1_000, 0)).toBe(0)
  expect(fullJitterMs(1_000, 0.999)).toBe(999)
})

test('what the destination asked for is never undercut', () => {
  expect(decideRetry(1, 0, 7_000)).toEqual({ kind: 'backoff', delayMs: 7_000 })
})

const input = { attempts: 30, now: 1_000, bootId: 'boot-1', random: 0.5 }

test('a failure of the surroundings counts no attempt, also the thirtieth', () => {
  const consequence = consequenceOf(
    { kind: 'retry', blame: 'surroundings', reason: 'offline', minDelayMs: 0 },
    { ...input, destinationHealthy: true },
  )
  expect(consequence).toEqual({ kind: 'tryAgain', reason: 'offline', at: null, counted: false, deprioritised: false })
})

test('a failure that either side may have caused counts only while the destination answers otherwise', () => {
  const verdict = { kind: 'retry', blame: 'unclear', reason: 'backoff', minDelayMs: 0 } as const
  expect(consequenceOf(verdict, { ...input, destinationHealthy: false })).toMatchObject({
    kind: 'tryAgain',
    counted: false,
    reason: 'destinationDown',
  })
  expect(consequenceOf(verdict, { ...input, destinationHealthy: true })).toEqual({
    kind: 'awaitRestart',
    bootId: 'boot-1',
  })
})
