import { maxFileSizeBytes, maxPartCount, maxPartSizeBytes, minPartSizeBytes } from '@rushes/protocol'
import { describe, expect, test } from 'vitest'
import { isRequestable, maxRequestableParts, type PartLimits, type PartSpan, planFixedParts } from '../src/index.ts'

/** Everything that holds for a plan that can be assembled. */
function expectWholePlan(
  fileSizeBytes: number,
  urlCount: number,
  parts: PartSpan[],
  limits: Pick<PartLimits, 'maxPartSizeBytes' | 'maxPartCount'>,
) {
  expect(parts).toHaveLength(urlCount)
  expect(parts.length).toBeLessThanOrEqual(limits.maxPartCount)
  let offset = 0
  parts.forEach((part, index) => {
    expect(part.number).toBe(index + 1)
    expect(part.offset).toBe(offset)
    expect(part.sizeBytes).toBeGreaterThan(0)
    expect(part.sizeBytes).toBeLessThanOrEqual(limits.maxPartSizeBytes)
    if (index < parts.length - 1) expect(part.sizeBytes).toBe(Math.ceil(fileSizeBytes / urlCount))
    offset += part.sizeBytes
  })
  expect(offset).toBe(fileSizeBytes)
}

describe('a file of known size', () => {
  test("is cut as the guide's example: four chunks of 5,284,063 bytes, the last of 5,284,061", () => {
    const plan = planFixedParts(21_136_250, 4)
    expect(plan.kind === 'planned' && plan.parts.map(({ sizeBytes }) => sizeBytes)).toEqual([
      5_284_063, 5_284_063, 5_284_063, 5_284_061,
    ])
  })

  test("is cut as the basic guide's upload: two chunks of 10,568,125 bytes", () => {
    const plan = planFixedParts(21_136_250, 2)
    expect(plan.kind === 'planned' && plan.parts.map(({ sizeBytes }) => sizeBytes)).toEqual([10_568_125, 10_568_125])
  })

  test.for([
    [1, 1, 'planned'],
    [0, 1, 'impossible'],
    [-1, 1, 'impossible'],
    [1.5, 1, 'impossible'],
    [Number.NaN, 1, 'impossible'],
    [1, 0, 'impossible'],
    [1, 2, 'impossible'],
    [9, 4, 'impossible'],
    [9, 3, 'planned'],
    [maxPartSizeBytes - 1, 1, 'planned'],
    [maxPartSizeBytes, 1, 'planned'],
    [maxPartSizeBytes + 1, 1, 'impossible'],
    [maxPartSizeBytes + 1, 2, 'planned'],
    [maxFileSizeBytes, maxPartCount - 1, 'planned'],
    [maxFileSizeBytes, maxPartCount, 'planned'],
    [maxFileSizeBytes, maxPartCount + 1, 'impossible'],
    [maxFileSizeBytes + 1, maxPartCount, 'impossible'],
  ] as const)('of %d bytes over %d URLs is %s', ([fileSizeBytes, urlCount, kind]) => {
    const plan = planFixedParts(fileSizeBytes, urlCount)
    expect(plan.kind).toBe(kind)
    if (plan.kind === 'planned')
      expectWholePlan(fileSizeBytes, urlCount, plan.parts, { maxPartSizeBytes, maxPartCount })
  })

  test('is either cut whole or refused, for every size and count under shrunken limits', () => {
    const limits: PartLimits = { minPartSizeBytes: 3, maxPartSizeBytes: 8, maxPartCount: 7, maxFileSizeBytes: 40 }
    let planned = 0
    for (let size = -1; size <= 42; size++) {
      for (let urls = -1; urls <= 9; urls++) {
        const plan = planFixedParts(size, urls, limits)
        if (plan.kind !== 'planned') continue
        planned++
        expectWholePlan(size, urls, plan.parts, limits)
        expect(size).toBeLessThanOrEqual(limits.maxFileSizeBytes)
      }
    }
    expect(planned).toBeGreaterThan(100)
  })
})

describe('a requested chunk count', () => {
  test("is refused where the guide's sample would fall below 5 MiB: four parts fit, five do not", () => {
    expect(isRequestable(21_136_250, 4)).toBe(true)
    expect(isRequestable(21_136_250, 5)).toBe(false)
    expect(maxRequestableParts(21_136_250)).toBe(4)
  })

  test.for([
    [1, 1],
    [minPartSizeBytes, 1],
    [minPartSizeBytes + 1, 1],
    [2 * minPartSizeBytes - 1, 2],
    [2 * minPartSizeBytes, 2],
    [maxFileSizeBytes, maxPartCount],
  ] as const)('for %d bytes is at most %d', ([fileSizeBytes, count]) => {
    expect(maxRequestableParts(fileSizeBytes)).toBe(count)
  })

  test('at its largest is the largest that may be asked for, for every size under shrunken limits', () => {
    const limits: PartLimits = { minPartSizeBytes: 3, maxPartSizeBytes: 8, maxPartCount: 7, maxFileSizeBytes: 40 }
    for (let size = 1; size <= 40; size++) {
      const most = maxRequestableParts(size, limits)
      const allowed = [1, 2, 3, 4, 5, 6, 7].filter((count) => isRequestable(size, count, limits))
      expect(most).toBe(allowed.at(-1) ?? 1)
    }
  })
})
