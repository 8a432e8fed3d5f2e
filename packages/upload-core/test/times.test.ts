import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  chooseCaptureTime,
  holdsLease,
  leaseIsLive,
  leaseRules,
  offsetSeconds,
  partUrlIsDead,
  takeLease,
} from '../src/index.ts'

test('an offset is whole seconds, never negative, and grows with the time that passes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2e12 }),
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.nat(1e9),
      (capturedAt, ageMs, laterMs) => {
        const offset = offsetSeconds(capturedAt, capturedAt + ageMs)
        const later = offsetSeconds(capturedAt, capturedAt + ageMs + laterMs)
        return Number.isInteger(offset) && offset >= 0 && later >= offset
      },
    ),
  )
  expect(offsetSeconds(10_000, 70_400)).toBe(60)
  expect(offsetSeconds(70_000, 10_000)).toBe(0)
  expect(offsetSeconds(null, 10_000)).toBe(0)
})

test('capture time is first growth, else embedded, else birth, else modification', () => {
  const all = { firstGrowthSeenAt: 10, embeddedAt: 20, bornAt: 30, modifiedAt: 40 }
  expect(chooseCaptureTime(all)).toEqual({ at: 10, source: 'firstGrowth' })
  expect(chooseCaptureTime({ ...all, firstGrowthSeenAt: null })).toEqual({ at: 20, source: 'embedded' })
  expect(chooseCaptureTime({ ...all, firstGrowthSeenAt: null, embeddedAt: 0 })).toEqual({ at: 30, source: 'birth' })
  expect(chooseCaptureTime({ firstGrowthSeenAt: null, embeddedAt: null, bornAt: null, modifiedAt: 40 })).toEqual({
    at: 40,
    source: 'modified',
  })
})

test('capture time is never later than the last modification', () => {
  const instant = fc.option(fc.integer({ min: -1e12, max: 4e12 }))
  fc.assert(
    fc.property(
      instant,
      instant,
      instant,
      fc.integer({ min: 0, max: 4e12 }),
      (firstGrowthSeenAt, embeddedAt, bornAt, modifiedAt) => {
        return chooseCaptureTime({ firstGrowthSeenAt, embeddedAt, bornAt, modifiedAt }).at <= modifiedAt
      },
    ),
  )
})

test('a lease is over at its end, is held by its own token alone, and outlives the stall limit', () => {
  const lease = takeLease(7, 1_000, 500)
  expect([leaseIsLive(lease, 1_499), leaseIsLive(lease, 1_500)]).toEqual([true, false])
  expect([holdsLease(lease, 7), holdsLease(lease, 6)]).toEqual([true, false])
  expect(leaseRules.leaseMs).toBeGreaterThan(leaseRules.stallMs + leaseRules.renewEveryMs)
  expect(Number.isInteger(takeLease(1, 12.34).until)).toBe(true)
})

test('part addresses are dead after 24 hours', () => {
  expect([partUrlIsDead(0, 86_399_999), partUrlIsDead(0, 86_400_000)]).toEqual([false, true])
})
