import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  betterServerAtBoot,
  bootInstantOf,
  type Capture,
  type ClockReading,
  earlierCapture,
  offsetSeconds,
  onOneClock,
} from '../src/index.ts'

const year = 365 * 86_400_000
const rightAtBoot = Date.parse('2026-03-01T12:00:00Z')
const wrong = fc.integer({ min: -60 * year, max: 60 * year })
const span = fc.nat(30 * 86_400_000)
/** A device that has run for `uptimeMs`, with a clock that is `aheadMs` ahead. */
const reading = (uptimeMs: number, aheadMs = 0, bootId = 'boot-1'): ClockReading => ({
  ...{ wallMs: rightAtBoot + uptimeMs + aheadMs, uptimeMs, bootId },
})
/** One that is noted as it happens. */
const captureIn = (now: ClockReading): Capture => ({ at: now.wallMs, inBoot: bootInstantOf(now.wallMs, now) })
const unheard = () => null
const offset = (...given: Parameters<typeof onOneClock>): number => {
  const { capturedAt, now } = onOneClock(...given)
  return offsetSeconds(capturedAt, now)
}

describe('the age of a clip', () => {
  test('is what has passed in its boot, wherever the wall clock was and was set to', () => {
    fc.assert(
      fc.property(wrong, wrong, span, span, (aheadBefore, aheadAfter, uptimeMs, ageMs) => {
        const capture = captureIn(reading(uptimeMs, aheadBefore))
        return offset(capture, reading(uptimeMs + ageMs, aheadAfter), unheard) === Math.round(ageMs / 1000)
      }),
    )
  })

  test('is what has passed by the server, across boots with whatever clocks, where it was heard in both', () => {
    fc.assert(
      fc.property(wrong, wrong, span, span, span, (aheadBefore, aheadAfter, uptimeMs, offMs, laterMs) => {
        const capture = captureIn(reading(uptimeMs, aheadBefore))
        const nextBootAt = uptimeMs + offMs
        const now = reading(laterMs, aheadAfter, 'boot-2')
        const heard = (bootId: string) => (bootId === 'boot-1' ? rightAtBoot : rightAtBoot + nextBootAt)
        return offset(capture, now, heard) === Math.round((offMs + laterMs) / 1000)
      }),
    )
  })

  test.each(['boot-1', 'boot-2'])('is told by the wall clock where the server was heard in %s alone', (heardIn) => {
    const capture = captureIn(reading(1_000))
    const now: ClockReading = { ...reading(5_000, 0, 'boot-2'), wallMs: capture.at + 90_000 }
    expect(offset(capture, now, (bootId) => (bootId === heardIn ? 1 : null))).toBe(90)
  })

  test.each([
    ['before the boot', rightAtBoot - 1],
    ['to come', rightAtBoot + 60_001],
  ])('of one that seems to lie %s is told by the wall clock', (_, at) => {
    expect(bootInstantOf(at, reading(60_000))).toBeNull()
    expect(onOneClock({ at, inBoot: null }, reading(60_000), unheard)).toEqual({
      capturedAt: at,
      now: rightAtBoot + 60_000,
    })
  })

  test('is nothing where nothing is known of the capture', () => {
    expect(offset(null, reading(60_000), unheard)).toBe(0)
  })
})

describe('what was noted of a file when it was first seen', () => {
  const noted = captureIn(reading(10_000))
  test.each([year, -year, 2_001, -2_001])('stands when the clock was set by %i ms before it rests', (aheadMs) => {
    const now = reading(20_000, aheadMs)
    for (const at of [now.wallMs, noted.at - 5_000])
      expect(earlierCapture(noted, { at, inBoot: bootInstantOf(at, now) }, now)).toBe(noted)
  })

  test.each([0, 2_000, -2_000])('gives way to an earlier instant when the clock is off by %i ms more', (aheadMs) => {
    const now = reading(20_000, aheadMs)
    const told = { at: noted.at - 5_000, inBoot: null }
    expect(earlierCapture(noted, told, now)).toBe(told)
    expect(earlierCapture(noted, { at: noted.at + 1, inBoot: null }, now)).toBe(noted)
  })

  test('in another boot is compared by the wall clock', () => {
    const told = { at: noted.at - 1, inBoot: null }
    expect(earlierCapture(noted, told, reading(20_000, year, 'boot-2'))).toBe(told)
  })
})

describe("the server's time at boot", () => {
  test('is never too late, and as good as the best reply, whatever the delays', () => {
    const reply = fc.record({ uptimeMs: span, delayMs: fc.nat(30_000) })
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1 }), (replies) => {
        let known: number | null = null
        for (const { uptimeMs, delayMs } of replies) {
          const date = Math.floor((rightAtBoot + uptimeMs) / 1000) * 1000
          known = betterServerAtBoot(known, date - (uptimeMs + delayMs))
        }
        const least = Math.min(...replies.map(({ delayMs }) => delayMs))
        return known !== null && known <= rightAtBoot && known > rightAtBoot - least - 1_000 - 251
      }),
    )
  })

  test('follows a server that is set back', () => {
    expect(betterServerAtBoot(rightAtBoot, rightAtBoot - year)).toBe(rightAtBoot - year)
  })
})
