import { expect, test } from 'vitest'
import { partsToCompare, rewriteHabitOf } from '../src/index.ts'

const parts = [2, 3, 4, 5].map((number) => ({ number, offset: (number - 1) * 10, sizeBytes: 10 }))
const numbers = (of: readonly { number: number }[]) => of.map(({ number }) => number)

test('what is not known is taken to be rewritten everywhere', () => {
  expect(rewriteHabitOf('xyz')).toBe('everywhere')
  expect(rewriteHabitOf('')).toBe('everywhere')
  expect(rewriteHabitOf('MOV')).toBe('head')
  expect(rewriteHabitOf('HIF')).toBe('head')
  expect(rewriteHabitOf('mxf')).toBe('partitions')
  expect(numbers(partsToCompare(parts, 'everywhere', 50, 0))).toEqual([2, 3, 4, 5])
})

test('parts are compared that touch a rewritten region by a single byte, and no other', () => {
  expect(numbers(partsToCompare(parts, [{ offset: 19, sizeBytes: 1 }], 50, 0))).toEqual([2])
  expect(numbers(partsToCompare(parts, [{ offset: 19, sizeBytes: 2 }], 50, 0))).toEqual([2, 3])
  expect(numbers(partsToCompare(parts, [{ offset: 20, sizeBytes: 10 }], 50, 0))).toEqual([3])
  expect(numbers(partsToCompare(parts, [{ offset: 0, sizeBytes: 10 }], 50, 0))).toEqual([])
})

test('the end of the file is always compared', () => {
  expect(numbers(partsToCompare(parts, [], 50, 1))).toEqual([5])
  expect(numbers(partsToCompare(parts, [], 50, 11))).toEqual([4, 5])
  expect(numbers(partsToCompare(parts, [], 50, 1_000))).toEqual([2, 3, 4, 5])
})
