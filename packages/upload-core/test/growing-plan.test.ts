import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Cut,
  cutComplete,
  cutOpen,
  type GrowingPart,
  leastCuttableBytes,
  nothingCut,
  type PartLimits,
  partLimits,
  rateMeasuredMs,
  rateOf,
  realtimePartSize,
  shiftParts,
} from '../src/index.ts'

/** The real proportions in so few bytes that every size of a file can be tried. */
const tiny: PartLimits = { minPartSizeBytes: 4, maxPartSizeBytes: 60, maxPartCount: 6, maxFileSizeBytes: 120 }
const megabyte = 1_048_576

const cutOf = (parts: readonly GrowingPart[], before: Cut = nothingCut): Cut => {
  const last = parts.at(-1)
  return last === undefined ? before : { lastNumber: last.number, endBytes: last.offset + last.sizeBytes }
}

/** Lets a file grow through these sizes, the last of which is its whole; all parts that were cut, or why there are none. */
function grow(sizes: readonly number[], rate: number, limits: PartLimits): GrowingPart[] | string {
  const parts: GrowingPart[] = []
  for (const size of sizes.slice(0, -1)) {
    const plan = cutOpen(cutOf(parts), size, rate, limits)
    if (plan.kind === 'impossible') return plan.why
    parts.push(...plan.parts)
    if (cutOf(parts).endBytes >= size && parts.length > 0) throw new Error('the newest byte was cut')
  }
  const rest = cutComplete(cutOf(parts), sizes.at(-1) ?? 0, rate, limits)
  return rest.kind === 'impossible' ? rest.why : [...parts, ...rest.parts]
}

function expectLegal(parts: readonly GrowingPart[], sizeBytes: number, limits: PartLimits): void {
  let end = 0
  parts.forEach((part, index) => {
    expect(part.number).toBe(index + 1)
    expect(part.offset).toBe(end)
    expect(part.sizeBytes).toBeGreaterThan(0)
    expect(part.sizeBytes).toBeLessThanOrEqual(limits.maxPartSizeBytes)
    const isLast = index === parts.length - 1
    expect(part.role).toBe(isLast ? 'final' : index === 0 ? 'head' : 'middle')
    if (!isLast) expect(part.sizeBytes).toBeGreaterThanOrEqual(limits.minPartSizeBytes)
    end += part.sizeBytes
  })
  expect(end).toBe(sizeBytes)
  expect(parts.length).toBeLessThanOrEqual(limits.maxPartCount)
}

describe('the plan of a growing upload', () => {
  test('covers every file exactly, however it grew, with one final part that is the last, at every rate of tiny limits', () => {
    for (const rate of [0, 4, 5, 9, 20, 1_000]) {
      for (let size = 1; size <= tiny.maxFileSizeBytes; size++) {
        const steps = Array.from({ length: size }, (_, index) => index + 1)
        for (const growth of [[size], steps, [...steps, size], [Math.ceil(size / 2), size], [0, size]]) {
          const parts = grow(growth, rate, tiny)
          if (typeof parts === 'string') {
            expect(parts).toBe('tooLarge')
            // What rounding leaves between all parts and the largest file: less than a byte for each part, and the head's share.
            const most = [2, 3, 4, 5, 6].reduce((sum, number) => sum + realtimePartSize(number, rate, tiny), 4)
            expect(size).toBeGreaterThan(most)
          } else expectLegal(parts, size, tiny)
        }
      }
    }
  })

  test('covers files of any size and growth within the real limits', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 400 * megabyte }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 300_000_000 }), (growth, rate) => {
        const sorted = [...growth].sort((a, b) => a - b)
        const size = sorted.at(-1) ?? 0
        const parts = grow(sorted, rate, partLimits)
        if (size === 0) expect(parts).toBe('empty')
        else if (typeof parts === 'string') throw new Error(parts)
        else expectLegal(parts, size, partLimits)
      }),
    )
  })

  test('is the same whatever looks were taken at the file on the way', () => {
    const rate = 6 * megabyte
    const whole = 300 * megabyte
    const looks = Array.from({ length: 300 }, (_, index) => (index + 1) * megabyte)
    expect(grow([...looks, whole], rate, partLimits)).toEqual(grow([whole], rate, partLimits))
  })

  test('cuts nothing before head, a part and a byte more are there, and then both at once', () => {
    const least = leastCuttableBytes(0)
    expect(least).toBe(5_242_880 + realtimePartSize(2, 0) + 1)
    expect(cutOpen(nothingCut, least - 1, 0)).toEqual({ kind: 'cut', parts: [] })
    expect(cutOpen(nothingCut, least, 0)).toMatchObject({ parts: [{ role: 'head' }, { number: 2, role: 'middle' }] })
  })

  test('is one final part for what is no longer than the head, and the head and a byte for one byte more', () => {
    const head = partLimits.minPartSizeBytes
    expect(cutComplete(nothingCut, 1, 0)).toEqual({
      kind: 'cut',
      parts: [{ number: 1, offset: 0, sizeBytes: 1, role: 'final' }],
    })
    expect(cutComplete(nothingCut, head, 0)).toMatchObject({ parts: [{ sizeBytes: head, role: 'final' }] })
    expect(cutComplete(nothingCut, head + 1, 0)).toMatchObject({
      parts: [{ role: 'head' }, { number: 2, sizeBytes: 1, role: 'final' }],
    })
  })

  test('always leaves a number for the final part, and says that a file is too large before its parts run out', () => {
    const plan = cutOpen(nothingCut, tiny.maxFileSizeBytes, 0, tiny)
    if (plan.kind !== 'cut') throw new Error(plan.why)
    expect(plan.parts.at(-1)?.number).toBe(tiny.maxPartCount - 1)
    expect(cutOpen(nothingCut, tiny.maxFileSizeBytes + 1, 0, tiny)).toEqual({ kind: 'impossible', why: 'tooLarge' })
    expect(cutComplete(nothingCut, tiny.maxFileSizeBytes + 1, 0, tiny)).toEqual({ kind: 'impossible', why: 'tooLarge' })
    const all = cutOpen({ lastNumber: partLimits.maxPartCount - 1, endBytes: 5 }, 6_000_000_000, 0)
    expect(all).toEqual({ kind: 'cut', parts: [] })
    expect(cutComplete({ lastNumber: partLimits.maxPartCount, endBytes: 5 }, 6, 0)).toEqual({
      kind: 'impossible',
      why: 'tooLarge',
    })
  })

  test.for([0, 4, 7])(
    'refuses a file of %i bytes of which eight were cut: it lost some, or has none for a final part',
    (sizeBytes) => {
      const cut = { lastNumber: 2, endBytes: 8 }
      expect(cutComplete(cut, sizeBytes, 0, tiny)).toMatchObject({ kind: 'impossible' })
      if (sizeBytes < 8) expect(cutOpen(cut, sizeBytes, 0, tiny)).toEqual({ kind: 'impossible', why: 'truncated' })
      expect(cutComplete(cut, 8, 0, tiny)).toEqual({ kind: 'impossible', why: 'truncated' })
    },
  )

  test('a head that was put before the file makes part 1 longer and moves the others', () => {
    const parts = grow([200 * megabyte], 0, partLimits)
    if (typeof parts === 'string') throw new Error(parts)
    const shifted = shiftParts(parts, 12_345)
    expectLegal(shifted, 200 * megabyte + 12_345, partLimits)
    expect(shifted.slice(1).map(({ sizeBytes }) => sizeBytes)).toEqual(parts.slice(1).map(({ sizeBytes }) => sizeBytes))
  })
})

describe('the rate of a growing file', () => {
  const first = { at: 500, sizeBytes: 1_000 }
  test('is what the folder says, at once', () => expect(rateOf(42, first, first)).toBe(42))
  test('is not known within the first three seconds', () => {
    expect(rateOf(null, first, { at: 500 + rateMeasuredMs - 1, sizeBytes: 9_000 })).toBeNull()
  })
  test('is the growth of the first three seconds, or of however much longer the second look took', () => {
    expect(rateOf(null, first, { at: 3_500, sizeBytes: 31_000 })).toBe(10_000)
    expect(rateOf(null, first, { at: 6_500, sizeBytes: 31_000 })).toBe(5_000)
  })
  test('is nothing, not less, for a file that became shorter', () => {
    expect(rateOf(null, first, { at: 3_500, sizeBytes: 0 })).toBe(0)
  })
})
