import fc from 'fast-check'
import { expect, test } from 'vitest'
import { freshSeed, seededRandom } from '../src/index.ts'

test('the same seed gives the same values, another seed gives others', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed)
    return [random.next(), random.integer(1, 1e9), random.uuid(), [...random.bytes(7)], random.shuffle([1, 2, 3, 4, 5])]
  }
  const seed = freshSeed()
  expect(draw(seed), `seed ${seed}`).toEqual(draw(seed))
  expect(draw(1)).not.toEqual(draw(2))
})

test('values stay within what was asked for', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: -50, max: 50 }), fc.nat(50), (seed, min, span) => {
      const random = seededRandom(seed)
      const whole = random.integer(min, min + span)
      expect(Number.isInteger(whole) && whole >= min && whole <= min + span).toBe(true)
      const fraction = random.next()
      expect(fraction >= 0 && fraction < 1).toBe(true)
      expect(random.bytes(span)).toHaveLength(span)
      const items = Array.from({ length: span }, (_, index) => index)
      expect(random.shuffle(items).sort((a, b) => a - b)).toEqual(items)
      expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }),
  )
})

test('both ends of a range come up about equally often', () => {
  const random = seededRandom(20261122)
  const counts = new Map<number, number>()
  for (let draw = 0; draw < 6_000; draw += 1) {
    const value = random.integer(1, 6)
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6])
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150)
})

test('a fork does not depend on how much the other streams draw', () => {
  const first = seededRandom(7)
  const forkOfFirst = first.fork()
  first.next()
  const second = seededRandom(7)
  const forkOfSecond = second.fork()
  expect(forkOfFirst.uuid()).toBe(forkOfSecond.uuid())
})

test('picking from nothing is an error', () => {
  expect(() => seededRandom(1).pick([])).toThrow(RangeError)
})
