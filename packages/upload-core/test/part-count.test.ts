import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isRequestable,
  type LinkLoss,
  maxRequestableParts,
  noLoss,
  observeLoss,
  partLimits,
  planFixedParts,
  wantedPartCount,
} from '../src/index.ts'

const mebibyte = 1_048_576
const gigabyte = 1_000_000_000
/** A link that breaks off once in so many bytes. */
const breaking = (bytesPerBreak: number): LinkLoss => ({ sentBytes: bytesPerBreak * 10, breaks: 10 })

describe('the count of parts asked for', () => {
  test('is left to the destination on a link that does not break off, or so seldom that it may be chance', () => {
    expect(wantedPartCount(gigabyte, noLoss)).toBeNull()
    expect(wantedPartCount(gigabyte, { sentBytes: 1_000_000, breaks: 2 })).toBeNull()
    expect(wantedPartCount(gigabyte, breaking(gigabyte))).toBeNull()
  })

  test('grows as the link gets worse, down to parts of 5 MiB and no further', () => {
    expect(wantedPartCount(gigabyte, breaking(100_000_000))).toBe(50)
    expect(wantedPartCount(gigabyte, breaking(50_000_000))).toBe(100)
    expect(wantedPartCount(gigabyte, breaking(1_000_000))).toBe(maxRequestableParts(gigabyte))
    expect(Math.ceil(gigabyte / maxRequestableParts(gigabyte))).toBeGreaterThanOrEqual(5 * mebibyte)
  })

  test.each([1, 5 * mebibyte, 5 * mebibyte + 1, 10 * mebibyte - 2])(
    'asks for nothing for a file of %i bytes',
    (size) => {
      expect(wantedPartCount(size, breaking(1))).toBeNull()
    },
  )

  test('asks for two parts from the first size at which all but the last reach the floor', () => {
    expect(wantedPartCount(10 * mebibyte - 1, breaking(1))).toBe(2)
  })

  test('is always one that the platform grants, whatever the file and the link', () => {
    const size = fc.integer({ min: 1, max: partLimits.maxFileSizeBytes })
    const loss = fc.record({
      sentBytes: fc.integer({ min: 0, max: 2 ** 40 }),
      breaks: fc.integer({ min: 0, max: 10_000 }),
    })
    fc.assert(
      fc.property(size, loss, (bytes, seen) => {
        const count = wantedPartCount(bytes, seen)
        if (count === null) return
        expect(isRequestable(bytes, count)).toBe(true)
        expect(planFixedParts(bytes, count).kind).toBe('planned')
      }),
    )
  })

  test('is granted for every size of a file and every link with small limits', () => {
    const limits = { minPartSizeBytes: 5, maxPartSizeBytes: 100, maxPartCount: 7, maxFileSizeBytes: 300 }
    for (let size = 1; size <= limits.maxFileSizeBytes; size++)
      for (let bytesPerBreak = 1; bytesPerBreak < 400; bytesPerBreak += 7) {
        const count = wantedPartCount(size, breaking(bytesPerBreak), limits)
        if (count !== null) expect(isRequestable(size, count, limits)).toBe(true)
      }
  })
})

test('what was seen of a link long ago counts less and less', () => {
  let loss = noLoss
  for (let part = 0; part < 10; part++) loss = observeLoss(loss, { sentBytes: 5_000_000, broke: true })
  expect(wantedPartCount(gigabyte, loss)).not.toBeNull()
  for (let part = 0; part < 200; part++) loss = observeLoss(loss, { sentBytes: 25_000_000, broke: false })
  expect(wantedPartCount(gigabyte, loss)).toBeNull()
})
