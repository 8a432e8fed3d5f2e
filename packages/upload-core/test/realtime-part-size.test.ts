import { maxFileSizeBytes, maxPartCount, maxPartSizeBytes, minPartSizeBytes } from '@rushes/protocol'
import { describe, expect, test } from 'vitest'
import { freezeRate, type PartLimits, PartNumberError, realtimePartSize } from '../src/index.ts'

const maxRate = 549_755_813

/** Rows of the guide's tables: part number, its size, all bytes up to and including it. */
const tables = [
  [
    'web',
    5_242_880,
    [
      [1, 5_242_896, 5_242_896],
      [1_000, 21_575_817, 10_695_361_357],
      [5_000, 413_566_329, 706_957_655_928],
      [10_000, 1_638_536_679, 5_497_558_133_921],
    ],
  ],
  [
    'ProRes 422 LT',
    12_750_000,
    [
      [1, 12_750_016, 12_750_016],
      [1_000, 28_857_758, 18_127_308_783],
      [5_000, 415_443_954, 735_107_948_432],
      [10_000, 1_623_525_817, 5_497_558_133_958],
    ],
  ],
  [
    'camera raw',
    280_000_000,
    [
      [1, 280_000_008, 280_000_008],
      [1_000, 288_091_460, 282_701_200_139],
      [5_000, 482_286_516, 1_737_245_341_542],
      [10_000, 1_089_146_065, 5_497_558_133_870],
    ],
  ],
] as const

describe('the part sizes of a growing file', () => {
  test.for(tables)("reproduce the guide's %s table to the byte", ([, rate, rows]) => {
    const expected = new Map<number, { size: number; total: number }>(
      rows.map(([number, size, total]) => [number, { size, total }]),
    )
    let total = 0
    for (let number = 1; number <= maxPartCount; number++) {
      const size = realtimePartSize(number, rate)
      total += size
      const row = expected.get(number)
      if (row !== undefined) expect({ size, total }).toEqual(row)
    }
  })

  test('never shrink, stay within 5 MiB and 5 GiB, and together within 5 TiB and 10 KB of it, at any rate', () => {
    for (const rate of [
      0,
      minPartSizeBytes - 1,
      minPartSizeBytes,
      minPartSizeBytes + 1,
      5_300_000,
      50_000_000,
      123_456_789,
      maxRate - 1,
      maxRate,
      maxRate + 1,
      1e12,
    ]) {
      let total = 0
      let before = 0
      for (let number = 1; number <= maxPartCount; number++) {
        const size = realtimePartSize(number, rate)
        expect(size).toBeGreaterThanOrEqual(Math.max(before, minPartSizeBytes))
        expect(size).toBeLessThanOrEqual(maxPartSizeBytes)
        before = size
        total += size
      }
      expect(total).toBeLessThanOrEqual(maxFileSizeBytes)
      expect(maxFileSizeBytes - total).toBeLessThanOrEqual(10_000)
    }
  })

  test.for([0, -1, 10_001, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('have no part %d', (number) => {
    expect(() => realtimePartSize(number, minPartSizeBytes)).toThrow(PartNumberError)
  })

  test.for([1, 10_000])('have a part %d: both bounds are inclusive', (number) => {
    expect(realtimePartSize(number, minPartSizeBytes)).toBeGreaterThan(minPartSizeBytes)
  })

  test('fit within the largest file under every shrunken limit', () => {
    for (let minPart = 1; minPart <= 4; minPart++) {
      for (let count = 1; count <= 9; count++) {
        for (let file = minPart * count; file <= 60; file++) {
          const limits: PartLimits = {
            minPartSizeBytes: minPart,
            maxPartSizeBytes: file,
            maxPartCount: count,
            maxFileSizeBytes: file,
          }
          for (let rate = 0; rate <= 12; rate++) {
            const sizes = Array.from({ length: count }, (_, index) => realtimePartSize(index + 1, rate, limits))
            expect(sizes.every((size, index) => size >= minPart && size >= (sizes[index - 1] ?? 0))).toBe(true)
            expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(file)
          }
        }
      }
    }
  })
})

describe('a frozen rate', () => {
  test.for([
    [Number.NaN, minPartSizeBytes],
    [Number.POSITIVE_INFINITY, minPartSizeBytes],
    [-5, minPartSizeBytes],
    [minPartSizeBytes - 1, minPartSizeBytes],
    [minPartSizeBytes, minPartSizeBytes],
    [12_750_000.7, 12_750_000],
    [maxRate, maxRate],
    [maxRate + 0.9, maxRate],
    [maxRate + 1, maxRate],
  ])('of %d bytes per second is %d', ([measured, frozen]) => {
    expect(freezeRate(measured ?? 0)).toBe(frozen)
  })

  test('that was a fraction gives whole sizes', () => {
    expect(Number.isInteger(realtimePartSize(3, 12_750_144.7))).toBe(true)
  })
})
