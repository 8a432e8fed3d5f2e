import { expect, test } from 'vitest'
import { growthOf } from '../torture/support/growth.ts'

const minute = 60_000
const every = (stepMs: number, values: readonly number[]) =>
  values.map((value, index) => ({ atMs: index * stepMs, value }))

test.for([
  ['a straight line', every(minute, [100, 100.1, 100.2, 100.3]), 6],
  ['what goes up and down around the same size', every(1, [100, 110, 110, 100]), 0],
  ['what becomes less', every(30 * minute, [100, 70]), -60],
  ['a single sample', every(1, [100]), 0],
  ['no sample', [], 0],
] as const)('the growth of %s', ([, samples, perHour]) => {
  expect(growthOf(samples).perHour).toBeCloseTo(perHour, 6)
})

test('a growth is as sure as its samples lie on a line, and of two of them nobody can tell', () => {
  expect(growthOf(every(minute, [1, 2, 3, 4])).standardError).toBeCloseTo(0, 6)
  // By hand: residuals of ±0.2 and ±0.6 around 1.6 a minute leave √(0.8/2/5) a minute.
  expect(growthOf(every(minute, [1, 3, 4, 6])).standardError).toBeCloseTo(60 * Math.sqrt(0.2 / 2 / 5), 6)
  expect(growthOf(every(minute, [1, 2])).standardError).toBe(Number.POSITIVE_INFINITY)
})
