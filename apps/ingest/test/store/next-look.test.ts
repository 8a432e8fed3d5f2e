import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextLookAt } from '../../src/store/s3/next-look.ts'

const limits = { firstLookMs: 1_000, slowestLookMs: 300_000, agentLookMs: 60_000 }
const now = new Date('2026-11-22T12:00:00Z')
const delayMs = (idleMs: number, isOurAgent = false, random = 0.5) =>
  nextLookAt(now, { newsAt: new Date(now.getTime() - idleMs), isOurAgent }, limits, random).getTime() - now.getTime()

describe('a bucket is asked again', () => {
  test.each([
    ['after a second, while parts come', 0, false, 1_000],
    ['after a quarter of the time without news', 40_000, false, 10_000],
    ['after five minutes at the most', 86_400_000, false, 300_000],
    ['after a minute for our agents, who say when they are done', 0, true, 60_000],
    ['as seldom for them as for others at last', 86_400_000, true, 300_000],
    ['at once again when our clock was set back', -5_000, false, 1_000],
  ])('%s', (_what, idleMs, isOurAgent, expected) => {
    expect(delayMs(idleMs, isOurAgent)).toBe(expected)
  })

  test('never sooner than its bounds less a fifth, nor later than they and a fifth more', () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (idleMs, isOurAgent, random) => {
          const soonest = isOurAgent ? limits.agentLookMs : limits.firstLookMs
          const delay = delayMs(idleMs, isOurAgent, random)
          expect(delay).toBeGreaterThanOrEqual(Math.floor(soonest * 0.8))
          expect(delay).toBeLessThanOrEqual(Math.ceil(limits.slowestLookMs * 1.2))
        },
      ),
    )
  })
})
