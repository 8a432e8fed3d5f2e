import { describe, expect, test } from 'vitest'
import { realtimePartSize } from '../src/index.ts'

describe('a rate', () => {
  test('is in bytes per second: 102 Mb/s are 12,750,000, and the guide’s table is met with that', () => {
    const bitsPerSecond = 102_000_000
    expect(realtimePartSize(1, bitsPerSecond / 8)).toBe(12_750_016)
    expect(realtimePartSize(1, bitsPerSecond)).not.toBe(12_750_016)
  })

  test('of 5.3 MB/s is above the floor of 5,242,880 bytes per second, which the guide calls the same', () => {
    expect(realtimePartSize(1, 5_242_880)).toBe(5_242_896)
    expect(realtimePartSize(1, 5_300_000)).toBe(5_300_016)
  })
})

test.each([5_242_880, 12_750_000, 280_000_000])(
  'parts at %i bytes per second grow by a square, not by a power: what they grow by grows evenly',
  (rate) => {
    const size = (number: number) => realtimePartSize(number, rate)
    // Sizes are cut to whole bytes, so that differences of differences are off by two at most.
    const evenly = size(3) - 2 * size(2) + size(1)
    for (let number = 2; number < 10_000; number++)
      expect(Math.abs(size(number + 1) - 2 * size(number) + size(number - 1) - evenly)).toBeLessThanOrEqual(4)
    expect(size(10_000) / size(1)).toBeLessThan(400)
  },
)
