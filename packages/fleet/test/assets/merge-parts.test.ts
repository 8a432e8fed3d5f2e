import { minPartSizeBytes } from '@rushes/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type KnownPart, mergeParts } from '../../src/assets/merge-parts.ts'

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
const fresh = { filesizeBytes: null, apartFrom: null }

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
      'another size below a part that has arrived',
      [known(1, { offsetBytes: 0 }), known(2, { offsetBytes: mib5, isAcknowledged: true })],
      { parts: [asked(1, mib5 + 1)] },
    ],
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

  test('that move are taken back, from the part on that would lie there: an older URL may still be writing', () => {
    const before = [known(1, { offsetBytes: 0 }), known(2, { offsetBytes: mib5 }), known(3, { offsetBytes: 2 * mib5 })]
    for (const size of [mib5 + 1, mib5 * 2]) {
      const outcome = merged(mergeParts(before, { parts: [asked(2, size)] }, fresh))
      expect([offsets(outcome), outcome.apartFrom]).toEqual([[0, null, null], 2])
    }
  })

  test('that a new part in between pushes on are taken back, and the new part gets none', () => {
    const before = [
      known(1, { offsetBytes: 0 }),
      known(4, { offsetBytes: mib5 }),
      known(9, { offsetBytes: 2 * mib5, isFinal: true }),
    ]
    const outcome = mergeParts(before, { parts: [asked(3), asked(9, mib5, true)], asset_filesize: 4 * mib5 }, fresh)
    expect([offsets(outcome), merged(outcome).apartFrom]).toEqual([[0, null, null, null], 3])
  })

  test('once taken back are given no more, but those below stay', () => {
    const upload = { filesizeBytes: null, apartFrom: 2 }
    const before = [known(1, { offsetBytes: 0 }), known(2)]
    expect(offsets(mergeParts(before, { parts: [asked(2), asked(3)] }, upload))).toEqual([0, null, null])
  })

  test('of what has arrived stay, as long as nothing shifts them', () => {
    const before = [known(1, { offsetBytes: 0 }), known(2, { offsetBytes: mib5, isAcknowledged: true })]
    expect(offsets(mergeParts(before, { parts: [asked(1), asked(3)] }, fresh))).toEqual([0, mib5, 2 * mib5])
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
