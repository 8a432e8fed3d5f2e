import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRange } from '../src/http/parse-range.ts'

test('any header gives all, none, or a stretch that lies within the object and has at least one byte', () => {
  const number = fc.oneof(
    fc.bigInt(0n, 10n ** 30n).map(String),
    fc.constantFrom('', '0', '00', '-1', '1e3', ' 1', '+1'),
  )
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.constantFrom('bytes', 'Bytes', 'lines', ''), number, number).map(([unit, a, b]) => `${unit}=${a}-${b}`),
  )
  fc.assert(
    fc.property(header, fc.integer({ min: 0, max: 5_497_558_138_880 }), (text, sizeBytes) => {
      const range = parseRange(text, sizeBytes)
      if (typeof range === 'string') return
      expect(range.start).toBeGreaterThanOrEqual(0)
      expect(range.end).toBeGreaterThan(range.start)
      expect(range.end).toBeLessThanOrEqual(sizeBytes)
    }),
    { numRuns: 2_000 },
  )
})

test.each(['bytes=0-', 'bytes=-1', 'bytes=0-0'])('of an empty object %s cannot be satisfied', (header) => {
  expect(parseRange(header, 0)).toBe('unsatisfiable')
})
