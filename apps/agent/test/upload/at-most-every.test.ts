import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { atMostEvery } from '../../src/upload/at-most-every.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the first call is made at once, those that follow closely are one when the time is over', () => {
  let calls = 0
  const spaced = atMostEvery(25, () => calls++)
  spaced.call()
  expect(calls).toBe(1)
  for (let more = 0; more < 100; more++) spaced.call()
  vi.advanceTimersByTime(24)
  expect(calls).toBe(1)
  vi.advanceTimersByTime(1)
  expect(calls).toBe(2)
})

test('the call that was put off counts for those after it as well', () => {
  let calls = 0
  const spaced = atMostEvery(25, () => calls++)
  spaced.call()
  spaced.call()
  vi.advanceTimersByTime(25)
  spaced.call()
  expect(calls).toBe(2)
  vi.advanceTimersByTime(25)
  expect(calls).toBe(3)
})

test('after a rest without a call the next one is made at once', () => {
  let calls = 0
  const spaced = atMostEvery(25, () => calls++)
  spaced.call()
  vi.advanceTimersByTime(25)
  expect(calls).toBe(1)
  spaced.call()
  expect(calls).toBe(2)
})

test('a call that is wanted while one is made comes later, and none is lost when that one throws', () => {
  let calls = 0
  const spaced = atMostEvery(25, () => {
    if (calls++ > 1) return
    spaced.call()
    throw new Error('of whoever is called')
  })
  expect(() => spaced.call()).toThrow('of whoever is called')
  expect(() => vi.advanceTimersByTime(25)).toThrow('of whoever is called')
  vi.advanceTimersByTime(25)
  expect(calls).toBe(3)
})

test('nothing comes after its end', () => {
  let calls = 0
  const spaced = atMostEvery(25, () => calls++)
  spaced.call()
  spaced.call()
  spaced.end()
  vi.advanceTimersByTime(100)
  expect(calls).toBe(1)
})
