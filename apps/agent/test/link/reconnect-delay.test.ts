import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ReconnectAfter, reconnectDelayMs, reconnectDelays } from '../../src/link/reconnect-delay.ts'
import { repeatDelayMs } from '../../src/link/repeat-delay.ts'

const almostOne = 1 - 2 ** -32
const failure = (failures: number, atLeastMs = 0): ReconnectAfter => ({ kind: 'failure', failures, atLeastMs })

describe('reconnectDelayMs', () => {
  it('draws from the whole of a span that doubles from 1 s to 5 min', () => {
    const spans = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((failures) =>
      Math.round(reconnectDelayMs(failure(failures), almostOne)),
    )
    expect(spans).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000])
    expect(reconnectDelayMs(failure(9), 0)).toBe(0)
  })
  it('stays at 5 min after as many failures as weeks without a network bring', () => {
    expect(reconnectDelayMs(failure(1_000_000), almostOne)).toBeLessThanOrEqual(300_000)
  })
  it('keeps a superseded device away for 5 to 10 min', () => {
    expect(reconnectDelayMs({ kind: 'superseded', atLeastMs: 0 }, 0)).toBe(300_000)
    expect(reconnectDelayMs({ kind: 'superseded', atLeastMs: 0 }, almostOne)).toBeLessThanOrEqual(600_000)
  })
  it('is finite, not negative and at most an hour for whatever a gateway names', () => {
    const after = fc.oneof(
      fc.record({
        kind: fc.constantFrom('failure' as const, 'refused' as const),
        failures: fc.nat(),
        atLeastMs: fc.maxSafeInteger(),
      }),
      fc.record({ kind: fc.constant('superseded' as const), atLeastMs: fc.maxSafeInteger() }),
      fc.record({ kind: fc.constant('named' as const), delayMs: fc.maxSafeInteger() }),
    )
    fc.assert(
      fc.property(after, fc.double({ min: 0, max: almostOne, noNaN: true }), (reconnectAfter, random) => {
        const delayMs = reconnectDelayMs(reconnectAfter, random)
        expect(delayMs).toBeGreaterThanOrEqual(0)
        expect(delayMs).toBeLessThanOrEqual(reconnectDelays.maxNamedMs)
      }),
    )
  })
})

describe('repeatDelayMs', () => {
  it('doubles from 30 s to 5 min and spreads by half', () => {
    expect([0, 1, 2, 3, 4, 1_000].map((repeats) => repeatDelayMs(repeats, 0))).toEqual([
      30_000, 60_000, 120_000, 240_000, 300_000, 300_000,
    ])
    expect(repeatDelayMs(0, almostOne)).toBeCloseTo(45_000, 0)
  })
})
