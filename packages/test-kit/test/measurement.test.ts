import { expect, test } from 'vitest'
import { medianOf, sumUp } from '../src/index.ts'

test('sums up runs by their median, least and greatest', () => {
  expect(sumUp({ metric: 'lag', unit: 'ms', values: [30, 10, 20] })).toEqual({
    metric: 'lag',
    unit: 'ms',
    median: 20,
    min: 10,
    max: 30,
    runs: 3,
    peer: null,
    ratio: null,
    goal: null,
    met: null,
  })
})

test.for([
  { better: 'higher' as const, ratio: 2 },
  { better: 'lower' as const, ratio: 0.5 },
])('a ratio above 1 says that ours is better where $better is better', ({ better, ratio }) => {
  const measured = sumUp({
    metric: 'rate',
    unit: 'MB/s',
    values: [100, 300, 200],
    peer: { name: 'other', values: [90, 100, 5_000], better },
    goal: { text: '≥ 1 ×', isMet: (it) => it.ratio >= 1 },
  })
  expect(measured).toMatchObject({ ratio, peer: 'other', goal: '≥ 1 ×', met: ratio >= 1 })
})

test('a goal is judged by the exact values, not by the rounded ones', () => {
  const goal = { text: '≤ 200 ms', isMet: ({ median }: { median: number }) => median <= 200 }
  expect(sumUp({ metric: 'lag', unit: 'ms', values: [200.04], goal })).toMatchObject({ median: 200, met: false })
})

test('the median of an even number of runs lies between the two in the middle', () => {
  expect(medianOf([4, 1, 3, 2])).toBe(2.5)
  expect(() => medianOf([])).toThrow(RangeError)
})
