import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bootInstantOf, type ClockReading, isKnownSince, type Moment, momentByServer } from '../src/index.ts'

const year = 365 * 86_400_000
const minute = 60_000
/** Where the wall clock stands in right time is the world's; the device shows `aheadMs` more. */
const rightAtBoot = Date.parse('2026-03-01T12:00:00Z')
const reading = (uptimeMs: number, aheadMs = 0, bootId = 'boot-1'): ClockReading => ({
  ...{ wallMs: rightAtBoot + uptimeMs + aheadMs, uptimeMs, bootId },
})
const noted = (now: ClockReading): Moment => ({ at: now.wallMs, inBoot: bootInstantOf(now.wallMs, now) })
const seen = (now: ClockReading) => ({ ...noted(now), isWitnessed: true })
/** What a file's own time tells, read at `now`. */
const told = (at: number, now: ClockReading) => ({ at, inBoot: bootInstantOf(at, now), isWitnessed: false })
const unheard = () => null
const heardAt = (bootAt: Record<string, number>) => (bootId: string) => bootAt[bootId] ?? null
const wrong = fc.integer({ min: -60 * year, max: 60 * year })
const span = fc.nat(30 * 86_400_000)

describe('what the device saw begin', () => {
  test('in the boot of its pairing is told by the uptime, wherever the clock was and was set to', () => {
    fc.assert(
      fc.property(wrong, wrong, wrong, span, span, span, (atMark, atCapture, now, markMs, captureMs, laterMs) => {
        const mark = noted(reading(markMs, atMark))
        const capture = seen(reading(captureMs, atCapture))
        const known = isKnownSince(mark, capture, reading(Math.max(markMs, captureMs) + laterMs, now), unheard)
        return known === captureMs >= markMs
      }),
    )
  })

  test('in a later boot than that of the pairing came after it, by whatever clocks', () => {
    fc.assert(
      fc.property(wrong, wrong, span, span, (atMark, atCapture, markMs, captureMs) => {
        const now = reading(captureMs + minute, atCapture, 'boot-2')
        return isKnownSince(noted(reading(markMs, atMark)), seen(reading(captureMs, atCapture, 'boot-2')), now, unheard)
      }),
    )
  })

  test('in an earlier boot than that of the pairing came before it, by whatever clocks', () => {
    fc.assert(
      fc.property(wrong, wrong, span, span, (atMark, atCapture, markMs, captureMs) => {
        const mark = noted(reading(markMs, atMark, 'boot-2'))
        const now = reading(markMs + minute, atMark, 'boot-2')
        return !isKnownSince(mark, seen(reading(captureMs, atCapture)), now, unheard)
      }),
    )
  })
})

describe('a file whose own time is all there is', () => {
  const pairedAt = rightAtBoot + 10 * minute
  const mark = noted(reading(10 * minute))

  test.for([
    [-1, false],
    [0, true],
    [minute, true],
  ] as const)('on a device whose clock is right: %i ms after the pairing', ([afterMs, isKnown]) => {
    const now = reading(60 * minute)
    expect(isKnownSince(mark, told(pairedAt + afterMs, now), now, unheard)).toBe(isKnown)
  })

  test('from before the pairing does not pass for a later one on a device that was paired at a clock of 1970, which was set since', () => {
    const pairedLongAgo = noted(reading(10 * minute, -rightAtBoot))
    const now = reading(60 * minute)
    expect(pairedLongAgo.at).toBeLessThan(year)
    expect(isKnownSince(pairedLongAgo, told(rightAtBoot - year, now), now, unheard)).toBe(false)
    expect(isKnownSince(pairedLongAgo, told(pairedAt - 1, now), now, unheard)).toBe(false)
    expect(isKnownSince(pairedLongAgo, told(pairedAt, now), now, unheard)).toBe(true)
  })

  test('from before the pairing does not pass for a later one when the device has booted with a right clock since, where the server was heard', () => {
    const pairedLongAgo = noted(reading(10 * minute, -rightAtBoot))
    const now = reading(minute, 2 * 60 * minute, 'boot-2')
    const heard = heardAt({ 'boot-1': rightAtBoot })
    expect(isKnownSince(pairedLongAgo, told(pairedAt - 1, now), now, heard)).toBe(false)
    expect(isKnownSince(pairedLongAgo, told(pairedAt, now), now, heard)).toBe(true)
  })

  test('of a boot whose clock begins at 1970 each time does not pass for one of this boot', () => {
    const pairedLongAgo = noted(reading(5 * minute, -rightAtBoot))
    const now = reading(20 * minute, -rightAtBoot)
    const inAnotherBoot = told(8 * minute, now)
    expect(inAnotherBoot.inBoot).not.toBeNull()
    expect(isKnownSince(pairedLongAgo, inAnotherBoot, now, heardAt({ 'boot-1': rightAtBoot }))).toBe(false)
  })

  test('from before the pairing by a clock that ran ahead does not pass for a later one when that was put right', () => {
    const paired = noted(reading(10 * minute, 60 * minute))
    const now = reading(90 * minute)
    const before = told(reading(5 * minute, 60 * minute).wallMs, now)
    expect(before.at).toBeGreaterThan(pairedAt)
    expect(isKnownSince(paired, before, now, unheard)).toBe(false)
  })

  test('of a clock that is off by the same all the time is compared by that clock', () => {
    const ahead = 400 * 86_400_000
    const paired = noted(reading(10 * minute, ahead))
    const now = reading(minute, ahead + 60 * minute, 'boot-2')
    const heard = heardAt({ 'boot-1': rightAtBoot, 'boot-2': rightAtBoot + 60 * minute })
    expect(isKnownSince(paired, told(paired.at - 1, now), now, heard)).toBe(false)
    expect(isKnownSince(paired, told(paired.at, now), now, heard)).toBe(true)
  })

  test('is held where the pairing was noted in no boot and lies later by the wall clock', () => {
    const now = reading(60 * minute)
    expect(isKnownSince({ at: pairedAt, inBoot: null }, told(pairedAt - 1, now), now, unheard)).toBe(false)
    expect(isKnownSince({ at: pairedAt, inBoot: null }, told(pairedAt, now), now, unheard)).toBe(true)
  })

  test('never passes when it began before the pairing and its clock was right, that of the device being whatever', () => {
    fc.assert(
      fc.property(wrong, wrong, span, span, fc.nat(year), (atMark, atNow, markMs, laterMs, beforeMs) => {
        const now = reading(markMs + laterMs, atNow)
        const began = told(rightAtBoot + markMs - 1 - beforeMs, now)
        return !isKnownSince(noted(reading(markMs, atMark)), began, now, heardAt({ 'boot-1': rightAtBoot }))
      }),
    )
  })
})

describe('a moment that the server tells', () => {
  test('is found on the clocks of this boot, however the device is off', () => {
    fc.assert(
      fc.property(wrong, span, span, (aheadMs, atMs, laterMs) => {
        const now = reading(atMs + laterMs, aheadMs)
        const moment = momentByServer(rightAtBoot + atMs, now, rightAtBoot)
        return moment?.inBoot?.uptimeMs === atMs && moment.at === reading(atMs, aheadMs).wallMs
      }),
    )
  })

  test('is unknown where the server was not heard in this boot', () => {
    expect(momentByServer(rightAtBoot, reading(minute), null)).toBeNull()
  })
})
