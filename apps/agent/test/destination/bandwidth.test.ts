import { seededRandom } from '@rushes/test-kit'
import { expect, test } from 'vitest'
import { type BandwidthLimits, everLimits, limitAt } from '../../src/destination/bandwidth-limit.ts'
import { createThrottle } from '../../src/destination/throttle.ts'
import { createClip, never, pair, partOf, patternedBytes, startHarness, tempFile, xxh64 } from './harness.ts'

/** In local time, which is what the timetable is in: 2026-03-02 was a Monday. */
const at = (day: number, hours: number, minutes = 0) => new Date(2026, 2, day, hours, minutes)
const limits: BandwidthLimits = {
  bytesPerSecond: 10,
  timetable: [
    { days: ['sat', 'sun'], from: '00:00', to: '00:00', bytesPerSecond: null },
    { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '19:30', bytesPerSecond: 1 },
    { days: ['fri'], from: '22:00', to: '06:00', bytesPerSecond: 2 },
  ],
}

test.for([
  ['before the first hour', at(2, 7, 59), 10],
  ['from the first minute', at(2, 8), 1],
  ['in the last minute', at(2, 19, 29), 1],
  ['not in the minute that it ends', at(2, 19, 30), 10],
  ['past midnight on the day after the one it is named for', at(7, 5, 59), null],
  ['a whole day', at(8, 23, 59), null],
  ['late on the day that it is named for', at(6, 23), 2],
] as const)('the timetable counts %s', ([, when, expected]) => {
  expect(limitAt(limits, when)).toBe(expected)
})

test.for([
  ['a limit by day alone', limits, true],
  ['a limit for the rest of the time alone', { bytesPerSecond: 10, timetable: [] }, true],
  ['periods without a limit', { bytesPerSecond: null, timetable: limits.timetable.slice(0, 1) }, false],
  ['nothing', { bytesPerSecond: null, timetable: [] }, false],
] as const)('whether there is anything to keep to: %s', ([, given, expected]) => {
  expect(everLimits(given)).toBe(expected)
})

test('a period past midnight belongs to the day on which it begins', () => {
  const night: BandwidthLimits = {
    bytesPerSecond: 10,
    timetable: [{ days: ['mon'], from: '22:00', to: '06:00', bytesPerSecond: 2 }],
  }
  expect([at(2, 23), at(3, 5, 59), at(3, 6), at(3, 23), at(2, 5)].map((when) => limitAt(night, when))).toEqual([
    2, 2, 10, 10, 10,
  ])
})

/** What many parts take in simulated time, with timers that come late. */
async function simulate(options: { bytesPerSecond: () => number; partCount: number; seconds: number; seed: number }) {
  const random = seededRandom(options.seed)
  let nowMs = 0
  const timers: { atMs: number; wake: () => void }[] = []
  const throttle = createThrottle({
    limit: options.bytesPerSecond,
    monotonicMs: () => nowMs,
    wait: (durationMs) =>
      new Promise((wake) => timers.push({ atMs: nowMs + durationMs + random.integer(0, 60), wake })),
  })
  const taken: { atMs: number; bytes: number }[] = []
  const part = async () => {
    for (;;) {
      const bytes = await throttle.grant(524_288, never)
      taken.push({ atMs: nowMs, bytes })
      // An endless loop of grants without a wait would never let time pass.
      if (nowMs > options.seconds * 1_000) return
    }
  }
  for (let index = 0; index < options.partCount; index++) void part()
  for (;;) {
    for (let turn = 0; turn < 4; turn++) await Promise.resolve()
    timers.sort((a, b) => a.atMs - b.atMs)
    const next = timers.shift()
    if (next === undefined) return taken
    nowMs = Math.max(nowMs, next.atMs)
    next.wake()
  }
}

test.for([
  [1_000, 1],
  [1_000, 16],
  [10_000, 4],
  [20_000, 1],
  [100_000, 16],
  [2_500_000, 4],
  [60_000_000, 32],
] as const)(
  'a limit of %i bytes/s with %i parts is never passed by more than 5 %% in any 5 s, and at least 95 %% of it is used',
  async ([bytesPerSecond, partCount]) => {
    const seconds = 30
    const taken = await simulate({ bytesPerSecond: () => bytesPerSecond, partCount, seconds, seed: partCount })
    let from = 0
    let inWindow = 0
    for (const { atMs, bytes } of taken) {
      inWindow += bytes
      while ((taken[from]?.atMs ?? 0) <= atMs - 5_000) inWindow -= taken[from++]?.bytes ?? 0
      expect(inWindow).toBeLessThanOrEqual(bytesPerSecond * 5 * 1.05)
    }
    const total = taken.filter(({ atMs }) => atMs <= seconds * 1_000).reduce((sum, { bytes }) => sum + bytes, 0)
    expect(total / (bytesPerSecond * seconds)).toBeGreaterThanOrEqual(0.95)
  },
)

test.for([
  ['many pieces of several buffers', 1_300_000, 2_000_000, 5_000, 0],
  ['pieces that wait behind others for longer than a stall may last', 2_048, 20_000, 250, 12],
] as const)('a part that is held to a limit arrives as it is: %s', async ([, ...given]) => {
  const [sizeBytes, bytesPerSecond, stallMs, otherCount] = given
  const bytes = patternedBytes(sizeBytes)
  const throttle = createThrottle({ limit: () => bytesPerSecond })
  const harness = await startHarness({ store: 'memory' }, { throttle })
  const { accessToken } = await pair(harness)
  const clip = await createClip(harness, accessToken, { sizeBytes })
  const ended = new AbortController()
  const others = Array.from({ length: otherCount }, async () => {
    while (!ended.signal.aborted) await throttle.grant(sizeBytes, ended.signal)
  })
  const begunMs = performance.now()
  const part = await partOf(await tempFile(bytes), clip.uploadUrls[0], { stallMs, replyMs: 5_000 })
  expect(await harness.destination.putPart(part)).toEqual({ kind: 'stored', xxh64: await xxh64(bytes) })
  ended.abort()
  await Promise.all(others)
  expect(performance.now() - begunMs).toBeGreaterThan(((sizeBytes - 1_024) / bytesPerSecond) * 1_000 - 250)
  expect(harness.server.completedAssets()[0]?.bytes().equals(bytes)).toBe(true)
})

test('a limit that ends lets the rest go at once', async () => {
  let limit: number | null = 1_000
  const throttle = createThrottle({ limit: () => limit })
  expect(await throttle.grant(500_000, never)).toBe(90)
  limit = null
  expect(await throttle.grant(500_000, never)).toBe(500_000)
})
