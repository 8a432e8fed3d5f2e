import { describe, expect, test } from 'vitest'
import { type ClipRates, followRates } from '../../src/cli/progress/clip-rates.ts'
import { cutText, fitText } from '../../src/cli/progress/fit-text.ts'
import { homeSentence } from '../../src/cli/progress/home-sentence.ts'
import { shownTimeLeft } from '../../src/cli/progress/time-left.ts'
import type { ClipProgress } from '../../src/local-api/operations.ts'

test.for([
  ['A001.mov', 10, 'A001.mov  '],
  ['A001C001_220101.mov', 10, '…20101.mov'],
  ['映画の撮影', 6, '…撮影 '],
  ['映画', 4, '映画'],
  ['é'.repeat(3), 2, '…é'],
  ['abc', 1, '…'],
  ['abc', 0, ''],
  ['\x1b[2J', 3, '…2J'],
] as const)('the name %j in %d columns is %j', ([text, columns, shown]) => {
  expect(fitText(text, columns)).toBe(shown)
})

test('a sentence is cut at its end and not filled', () => {
  expect(cutText('no route leads there', 10)).toBe('no route …')
  expect(cutText('short', 10)).toBe('short')
  expect(cutText('short', 0)).toBe('')
})

test.for([
  [0, 100, '-'],
  [100, 0, '-'],
  [100, Number.NaN, '-'],
  [1, 1_000, '0:01'],
  [42_000, 1_000, '0:42'],
  [59_999, 1_000, '1:00'],
  [723_000, 1_000, '12:03'],
  [3_600_000, 1_000, '1:00:00'],
  [183_600_000, 1_000, '2 d 3 h'],
] as const)('%d bytes at %d bytes per second take %s', ([bytes, rate, shown]) => {
  expect(shownTimeLeft(bytes, rate)).toBe(shown)
})

describe('the rate of a clip', () => {
  const clip = (bytesAcknowledged: number, bytesInFlight: number, id = 'a'): ClipProgress => ({
    ...{ id, path: `/${id}`, state: 'uploading', reason: null, sizeBytes: 1_000_000 },
    ...{ bytesAcknowledged, bytesInFlight },
  })
  const rateOf = (rates: ClipRates, id = 'a') => rates.get(id)?.bytesPerSecond
  const looks = (...given: [atMs: number, clips: ClipProgress[]][]) =>
    given.reduce<ClipRates>((rates, [atMs, clips]) => followRates(rates, clips, atMs), new Map())

  test('is known from the second look on, and is that of a steady line from then on', () => {
    expect(rateOf(looks([0, [clip(0, 500)]]))).toBe(0)
    expect(rateOf(looks([0, [clip(0, 0)]], [500, [clip(0, 500)]]))).toBe(1_000)
    expect(rateOf(looks([0, [clip(0, 0)]], [500, [clip(0, 500)]], [1_000, [clip(1_000, 0)]]))).toBeCloseTo(1_000)
  })

  test('is not negative when a part has to go again, and halves in two seconds when nothing moves', () => {
    const moving: [number, ClipProgress[]][] = [
      [0, [clip(0, 0)]],
      [1_000, [clip(0, 1_000)]],
    ]
    expect(rateOf(looks(...moving, [3_000, [clip(0, 0)]]))).toBeCloseTo(500)
    expect(rateOf(looks(...moving, [3_000, [clip(0, 1_000)]]))).toBeCloseTo(500)
  })

  test('does not jump when two looks come at the same time, and is forgotten with its clip', () => {
    expect(rateOf(looks([5, [clip(0, 0)]], [5, [clip(0, 900)]]))).toBe(0)
    expect([...looks([0, [clip(0, 0)]], [1, [clip(0, 0, 'b')]]).keys()]).toEqual(['b'])
  })
})

describe('whether everything is home', () => {
  const bytes = { captured: 10, acknowledged: 4, verified: 4, waiting: 6_000_000 }
  const status = (counts: object, destinationIsOurs = true, rateBytesPerSecond = 0) =>
    ({ counts, bytes, destinationIsOurs, rateBytesPerSecond }) as Parameters<typeof homeSentence>[0]
  test.for([
    [status({}), 'no clips yet'],
    [status({ refused: 2, cancelled: 1 }), 'no clips yet'],
    [status({ verified: 1 }), 'all 1 clip verified'],
    [status({ verified: 2, uploaded: 1 }), '2 of 3 clips verified, 6.0 MB to go'],
    [status({ verified: 2, uploaded: 1 }, false), 'all 3 clips uploaded'],
    [
      status({ verified: 2, failed: 1, queued: 1 }, true, 100_000),
      '2 of 4 clips verified, 1 failed, 6.0 MB to go, 1:00 left',
    ],
  ] as const)('%#: %s', ([given, sentence]) => {
    expect(homeSentence(given)).toBe(sentence)
  })
})
