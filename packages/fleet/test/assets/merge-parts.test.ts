import { minPartSizeBytes } from '@rushes/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type KnownPart, type KnownUpload, mergeParts } from '../../src/assets/merge-parts.ts'

const mib5 = minPartSizeBytes
const asked = (number: number, size = mib5, is_final = false) => ({ number, size, is_final })
const known = (number: number, change: Partial<KnownPart> = {}): KnownPart => ({
  number,
  sizeBytes: mib5,
  offsetBytes: null,
  isFinal: false,
  generation: 1,
  isAcknowledged: false,
  ...change,
})

/** What is known of the upload before anything moved. */
const fresh = { filesizeBytes: null, placesMoved: false }

describe('refused', () => {
  test.each([
    ['a number twice in one request', [], { parts: [asked(1), asked(1)] }],
    ['two final parts', [], { parts: [asked(1, 1, true), asked(2, 1, true)], asset_filesize: 2 }],
    ['a final part that is not the highest', [], { parts: [asked(1, mib5, true), asked(2)], asset_filesize: 2 * mib5 }],
    ['a higher number after the final one', [known(2, { isFinal: true })], { parts: [asked(3)] }],
    ['a part below 5 MiB that is not final', [], { parts: [asked(1, mib5 - 1)] }],
    ['a final part without the size of the asset', [], { parts: [asked(1, 1, true)] }],
    ['a size that is not the sum', [known(1)], { parts: [asked(2, 1, true)], asset_filesize: mib5 }],
    [
      'a part after the final one has arrived',
      [known(1, { isFinal: true, isAcknowledged: true })],
      { parts: [asked(2, 1, true)], asset_filesize: mib5 + 1 },
    ],
    [
      'the final part that has arrived as an ordinary one',
      [known(1, { isFinal: true, isAcknowledged: true })],
      { parts: [asked(1)] },
    ],
    [
      'more than 5 TiB',
      Array.from({ length: 1_024 }, (_, i) => known(i + 1, { sizeBytes: 5_368_709_120 })),
      { parts: [asked(1_025, 1, true)], asset_filesize: 1 },
    ],
  ])('%s', (_what, before, request) => {
    expect(mergeParts(before, request, fresh)).toMatchObject({ kind: 'refused', detail: expect.stringMatching(/\w/) })
  })
})

const merged = (outcome: ReturnType<typeof mergeParts>) => {
  if (outcome.kind !== 'merged') throw new Error(outcome.detail)
  return outcome
}
const offsets = (outcome: ReturnType<typeof mergeParts>) => merged(outcome).parts.map((part) => part.offsetBytes)

describe('places', () => {
  test('are known while no lower number is missing', () => {
    expect(offsets(mergeParts([], { parts: [asked(1), asked(2), asked(4)] }, fresh))).toEqual([0, mib5, null])
    expect(offsets(mergeParts([], { parts: [asked(2)] }, fresh))).toEqual([null])
  })

  test('are all known with the final part, skipped numbers or not', () => {
    const before = [known(2), known(5)]
    const request = { parts: [asked(9, 7, true)], asset_filesize: 2 * mib5 + 7 }
    expect(offsets(mergeParts(before, request, fresh))).toEqual([0, mib5, 2 * mib5])
  })

  test('of the guide: the head comes last, as part 1, together with the final part', () => {
    const before = [known(2, { isAcknowledged: true }), known(3, { isAcknowledged: true })]
    const request = { parts: [asked(1, mib5 + 100), asked(4, 10, true)], asset_filesize: 3 * mib5 + 110 }
    expect(offsets(mergeParts(before, request, fresh))).toEqual([0, mib5 + 100, 2 * mib5 + 100, 3 * mib5 + 100])
  })

  test('stay what they are when a lower part grows: of what has arrived, and of what is on its way', () => {
    const before = [
      known(1, { offsetBytes: 0 }),
      known(2, { offsetBytes: mib5, isAcknowledged: true }),
      known(3, { offsetBytes: 2 * mib5 }),
    ]
    const request = { parts: [asked(1, mib5 + 77), asked(4, 10, true)], asset_filesize: 3 * mib5 + 87 }
    const outcome = merged(mergeParts(before, request, fresh))
    expect([offsets(outcome), outcome.placesMoved]).toEqual([[null, mib5, 2 * mib5, null], true])
    expect(outcome.parts.map((part) => part.isAcknowledged)).toEqual([false, true, false, false])
  })

  test('are taken back from a part whose size changes, and given to no other: an older URL may still be writing', () => {
    const before = [known(1, { offsetBytes: 0 }), known(2, { offsetBytes: mib5 }), known(3, { offsetBytes: 2 * mib5 })]
    for (const size of [mib5 + 1, mib5 * 2]) {
      const outcome = merged(mergeParts(before, { parts: [asked(2, size), asked(4)] }, fresh))
      expect([offsets(outcome), outcome.placesMoved]).toEqual([[0, null, 2 * mib5, null], true])
    }
  })

  test('are not given to a part that comes in between where others have theirs', () => {
    const before = [
      known(1, { offsetBytes: 0 }),
      known(4, { offsetBytes: mib5, isAcknowledged: true }),
      known(9, { offsetBytes: 2 * mib5, isFinal: true }),
    ]
    const outcome = mergeParts(before, { parts: [asked(3), asked(9, mib5, true)], asset_filesize: 4 * mib5 }, fresh)
    expect([offsets(outcome), merged(outcome).placesMoved]).toEqual([[0, null, mib5, 2 * mib5], true])
  })

  test('once one has moved are given no more', () => {
    const before = [known(1, { offsetBytes: 0 }), known(2)]
    const upload = { filesizeBytes: null, placesMoved: true }
    expect(offsets(mergeParts(before, { parts: [asked(2), asked(3)] }, upload))).toEqual([0, null, null])
  })

  test('stay while nothing shifts them, and go on behind', () => {
    const before = [known(1, { offsetBytes: 0 }), known(2, { offsetBytes: mib5, isAcknowledged: true })]
    const outcome = merged(mergeParts(before, { parts: [asked(1), asked(3)] }, fresh))
    expect([offsets(outcome), outcome.placesMoved]).toEqual([[0, mib5, 2 * mib5], false])
  })
})

test('a number that is asked for again gets a new generation; it stays arrived if its size is the same', () => {
  const before = [known(1, { offsetBytes: 0, isAcknowledged: true })]
  const again = (size: number) => merged(mergeParts(before, { parts: [asked(1, size)] }, fresh)).parts[0]
  expect(again(mib5)).toMatchObject({ generation: 2, isAcknowledged: true })
  expect(again(mib5 + 1)).toMatchObject({ generation: 2, isAcknowledged: false })
})

test('in whatever order and batches parts are registered, the bytes lie side by side without gap or overlap', () => {
  const plan = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 0, max: 1_000 })), {
    minLength: 1,
    maxLength: 12,
    selector: ([number]) => number,
  })
  fc.assert(
    fc.property(plan, fc.integer({ min: 1, max: 5 }), (numbers, batchSize) => {
      const last = Math.max(...numbers.map(([number]) => number))
      const parts = numbers.map(([number, extra]) => asked(number, mib5 + extra, number === last))
      const ordered = [...parts.filter((part) => !part.is_final), ...parts.filter((part) => part.is_final)]
      const total = parts.reduce((sum, part) => sum + part.size, 0)
      let state: KnownPart[] = []
      for (let i = 0; i < ordered.length; i += batchSize) {
        const batch = ordered.slice(i, i + batchSize)
        // The final part comes in the last request, with all that were not named before.
        state = merged(mergeParts(state, { parts: batch, asset_filesize: total }, fresh)).parts
      }
      let end = 0
      for (const part of state) {
        expect(part.offsetBytes).toBe(end)
        end += part.sizeBytes
      }
      expect(end).toBe(total)
    }),
  )
})

test('whatever is registered anew, with other sizes, in between or without its end, no place is ever given to two parts', () => {
  const request = fc.record({
    parts: fc.uniqueArray(
      fc.record({ number: fc.integer({ min: 1, max: 6 }), extra: fc.integer({ min: 0, max: 3 }), last: fc.boolean() }),
      { minLength: 1, maxLength: 3, selector: ({ number }) => number },
    ),
    arriving: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
  })
  fc.assert(
    fc.property(fc.array(request, { maxLength: 12 }), (requests) => {
      let state: KnownPart[] = []
      let upload: KnownUpload = fresh
      const given: { number: number; from: number; to: number }[] = []
      for (const { parts, arriving } of requests) {
        const asks = parts.map(({ number, extra, last }) => asked(number, mib5 + extra, last))
        const sizes = new Map([
          ...state.map((p) => [p.number, p.sizeBytes] as const),
          ...asks.map((p) => [p.number, p.size] as const),
        ])
        const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
        const outcome = mergeParts(state, { parts: asks, asset_filesize: total }, upload)
        if (outcome.kind === 'refused') continue
        for (const { number, sizeBytes, offsetBytes } of outcome.parts) {
          const arrived = state.find(
            (part) => part.number === number && part.isAcknowledged && part.offsetBytes !== null,
          )
          if (arrived?.sizeBytes === sizeBytes) expect(offsetBytes).toBe(arrived.offsetBytes)
          if (offsetBytes !== null) given.push({ number, from: offsetBytes, to: offsetBytes + sizeBytes })
        }
        upload = outcome
        state = outcome.parts.map((part) => ({
          ...part,
          isAcknowledged: part.isAcknowledged || arriving.includes(part.number),
        }))
      }
      for (const one of given)
        for (const other of given)
          if (one.number < other.number) expect(one.to <= other.from || other.to <= one.from).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})
