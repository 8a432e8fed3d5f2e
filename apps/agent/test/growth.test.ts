import { expect, test } from 'vitest'
import { growthPerHour } from '../torture/support/growth.ts'

const minute = 60_000

test.for([
  ['a straight line', [0, 1, 2, 3].map((at) => ({ atMs: at * minute, value: 100 + at / 10 })), 6],
  ['what goes up and down around the same size', [100, 110, 110, 100].map((value, at) => ({ atMs: at, value })), 0],
  ['what becomes less', [0, 30].map((at) => ({ atMs: at * minute, value: 100 - at })), -60],
  ['a single sample', [{ atMs: 5, value: 100 }], 0],
  ['no sample', [], 0],
] as const)('the growth of %s', ([, samples, perHour]) => {
  expect(growthPerHour(samples)).toBeCloseTo(perHour, 6)
})
