import { type LinkShape, seededRandom } from '@rushes/test-kit'
import { expect, test } from 'vitest'
import { boundsOfFiles } from '../../src/upload/adapt-concurrency.ts'
import {
  type Concurrency,
  type ConcurrencyBounds,
  gainsOfLine,
  measured,
  overloaded,
  startConcurrency,
} from '../../src/upload/concurrency.ts'
import { simulateSending } from './simulated-sending.ts'

const bounds: ConcurrencyBounds = { min: 1, max: 64, gains: gainsOfLine, perFall: 2 }
/** Of files that come and go in milliseconds. */
const quick = boundsOfFiles(32, 3_000)
/** Two measurements a second. */
const measurementsPerSecond = 2

/** A line on which each connection has a window, all share one bottleneck, and too many of them lose packets to each other. */
const line =
  ({
    bitsPerSecond,
    roundTripMs,
    windowBytes = 524_288,
  }: {
    bitsPerSecond: number
    roundTripMs: number
    windowBytes?: number
  }) =>
  (connections: number): number => {
    const capacity = bitsPerSecond / 8
    const each = windowBytes / (roundTripMs / 1_000)
    const excess = Math.max(0, connections - 2 * Math.ceil(capacity / each))
    return Math.min(connections * each, capacity) * Math.max(0.5, 1 - 0.01 * excess)
  }

function run(start: Concurrency, rateOf: (connections: number) => number, seconds: number, seed = 1) {
  const random = seededRandom(seed)
  const limits: number[] = []
  let now = start
  for (let count = 0; count < seconds * measurementsPerSecond; count++) {
    const noise = 1 + random.integer(-20, 20) / 1_000
    now = measured(now, { unitsPerSecond: rateOf(now.limit) * noise, saturated: true }, bounds)
    limits.push(now.limit)
  }
  return { now, limits }
}

const megabyte = 1_000_000
const lines = [20, 100, 500].flatMap((megabits) => [5, 50, 150].map((roundTripMs) => [megabits, roundTripMs] as const))

/** What a fixed number, or the one that measuring finds, brings to the far end from ten seconds after the beginning on. */
function arrivedBytes(shape: LinkShape, partBytes: number, fixed: number | null): number {
  const sending = simulateSending(shape, partBytes, 1)
  const reach = { ...bounds, max: 32 }
  let now = startConcurrency(fixed ?? 4, reach)
  let arrived = 0
  for (let count = 0; count < 45 * measurementsPerSecond; count++) {
    sending.limit = now.limit
    const passed = sending.pass(1_000 / measurementsPerSecond)
    if (count >= 10 * measurementsPerSecond) arrived += passed.arrivedBytes
    const unitsPerSecond = passed.arrivedBytes * measurementsPerSecond
    if (fixed === null) now = measured(now, { unitsPerSecond, saturated: sending.sending() === now.limit }, reach)
  }
  return arrived
}

test.for(lines)(
  'on %i Mb/s with %i ms, loss and queues it has 95 per cent of the best fixed number from ten seconds on',
  ([megabits, roundTripMs]) => {
    for (const lossRate of [0.00001, 0.0001]) {
      const shape = { bitsPerSecond: megabits * 1_000_000, roundTripMs, windowBytes: 524_288, lossRate }
      const best = Math.max(...[1, 2, 4, 8, 16, 32].map((fixed) => arrivedBytes(shape, 16 * megabyte, fixed)))
      expect(arrivedBytes(shape, 16 * megabyte, null) / best, `loss ${lossRate}`).toBeGreaterThanOrEqual(0.95)
    }
  },
)

test('parts that take long are finished before fewer of them are judged, so that the limit does not run away', () => {
  const shape = { bitsPerSecond: 20_000_000, roundTripMs: 150, windowBytes: 524_288, lossRate: 0.0001 }
  const best = arrivedBytes(shape, 64 * megabyte, 8)
  expect(arrivedBytes(shape, 64 * megabyte, null) / best).toBeGreaterThanOrEqual(0.95)
})

test('a line that becomes slow takes fewer connections, one that becomes fast again more', () => {
  const fast = line({ bitsPerSecond: 500_000_000, roundTripMs: 150 })
  const slow = line({ bitsPerSecond: 500_000_000, roundTripMs: 1_500, windowBytes: 65_536 })
  const before = run(startConcurrency(4, bounds), fast, 20).now
  const during = run(before, (connections) => Math.min(slow(connections), 200_000), 20).now
  const after = run(during, fast, 90).now
  expect(during.limit).toBeLessThan(before.limit)
  expect(fast(after.limit)).toBeGreaterThanOrEqual(0.95 * fast(before.limit))
})

test('a destination that asks for less gets half as many, and never fewer than one', () => {
  let now = startConcurrency(8, bounds)
  const limits: number[] = []
  for (let count = 0; count < 6; count++) {
    now = overloaded(now, bounds)
    limits.push(now.limit)
  }
  expect(limits).toEqual([4, 2, 1, 1, 1, 1])
})

test('what is measured while nothing waits says nothing about the limit', () => {
  const now = startConcurrency(4, bounds)
  expect(measured(now, { unitsPerSecond: 1, saturated: false }, bounds)).toBe(now)
})

test('a tenth more is worth doubling where the bounds say so, and noise where they do not', () => {
  const found = (doublingGain: number) => {
    const gentle = (limit: number) => 1_000 * limit ** 0.14 // a tenth more for twice as many
    const picky = { ...bounds, gains: { ...gainsOfLine, doubling: doublingGain } }
    let now = startConcurrency(4, picky)
    for (let count = 0; count < 12; count++)
      now = measured(now, { unitsPerSecond: gentle(now.limit), saturated: true }, picky)
    return now.limit
  }
  expect(found(1.05)).toBe(64)
  expect(found(1.25)).toBe(8)
})

test('where more cost little, a rate that swings ends no doubling, and one that falls step by step ends it before a quarter is lost', () => {
  const found = (ratesOf: Record<number, number>) => {
    const tried: number[] = []
    let now = startConcurrency(4, quick)
    while (now.phase === 'doubling') {
      tried.push(now.limit)
      now = measured(now, { unitsPerSecond: ratesOf[now.limit] ?? 0, saturated: true }, quick)
    }
    return { limit: now.limit, tried: [...new Set(tried)] }
  }
  expect(found({ 4: 1_000, 8: 800, 16: 1_500, 32: 1_200 })).toEqual({ limit: 32, tried: [4, 8, 16, 32] })
  expect(found({ 4: 1_000, 8: 850, 16: 740, 32: 700 })).toEqual({ limit: 4, tried: [4, 8, 16] })
})

test('one hiccup of the machine ends no doubling of files that come and go quickly, a fall that lasts does', () => {
  const found = (fallenFor: number) => {
    let now = startConcurrency(4, quick)
    for (let count = 0; now.phase === 'doubling'; count++) {
      // One measurement at 4 is skipped and two are taken, then one at 8 is skipped.
      const isFallen = now.limit > 4 && count < 4 + fallenFor
      now = measured(now, { unitsPerSecond: isFallen ? 400 : 1_000, saturated: true }, quick)
    }
    return now.limit
  }
  expect(found(2)).toBe(32)
  expect(found(6)).toBe(4)
})

test('of files that come and go quickly as many go as may soon after fewer did, though their rate swings by a tenth', () => {
  const random = seededRandom(3)
  let now = overloaded(overloaded({ ...startConcurrency(32, quick), phase: 'steady', reference: 1_000 }, quick), quick)
  expect(now.limit).toBe(8)
  let sum = 0
  for (let count = 0; count < 1_000; count++) {
    now = measured(now, { unitsPerSecond: 1_000 + random.integer(-100, 100), saturated: true }, quick)
    if (count >= 100) sum += now.limit
  }
  expect(sum / 900).toBeGreaterThan(0.9 * quick.max)
})

test('where more cost much, as many go as are best, and not as many as may', () => {
  const slowedByMany = (limit: number) => 1_000 * (4 / Math.max(4, limit)) ** 0.33
  let now = startConcurrency(4, quick)
  let sum = 0
  for (let count = 0; count < 200; count++) {
    now = measured(now, { unitsPerSecond: slowedByMany(now.limit), saturated: true }, quick)
    if (count >= 100) sum += slowedByMany(now.limit)
  }
  expect(sum / 100).toBeGreaterThanOrEqual(950)
})

test('whatever is measured, the limit stays within its bounds', () => {
  const random = seededRandom(7)
  const narrow = { ...bounds, max: 32 }
  let now = startConcurrency(100, narrow)
  for (let count = 0; count < 20_000; count++) {
    const unitsPerSecond = random.integer(0, 1_000_000_000)
    now =
      random.integer(0, 9) === 0
        ? overloaded(now, narrow)
        : measured(now, { unitsPerSecond, saturated: random.integer(0, 3) > 0 }, narrow)
    expect(now.limit).toBeGreaterThanOrEqual(1)
    expect(now.limit).toBeLessThanOrEqual(32)
  }
})
