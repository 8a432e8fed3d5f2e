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
    expect(mergeParts(before, request, null)).toMatchObject({ kind: 'refused', detail: expect.stringMatching(/\w/) })
  })
})

const merged = (outcome: ReturnType<typeof mergeParts>) => {
  if (outcome.kind !== 'merged') throw new Error(outcome.detail)
  return outcome
}
const offsets = (outcome: ReturnType<typeof mergeParts>) => merged(outcome).parts.map((part) => part.offsetBytes)

describe('places', () => {
  test('are known while no lower number is missing', () => {
    expect(offsets(mergeParts([], { parts: [asked(1), asked(2), asked(4)] }, null))).toEqual([0, mib5, null])
    expect(offsets(mergeParts([], { parts: [asked(2)] }, null))).toEqual([null])
  })

  test('are all known with the final part, skipped numbers or not', () => {
    const before = [known(2), known(5)]
    const request = { parts: [asked(9, 7, true)], asset_filesize: 2 * mib5 + 7 }
    expect(offsets(mergeParts(before, request, null))).toEqual([0, mib5, 2 * mib5])
  })

  test('of the guide: the head comes last, as part 1, together with the final part', () => {
    const before = [known(2, { isAcknowledged: true }), known(3, { isAcknowledged: true })]
    const request = { parts: [asked(1, mib5 + 100), asked(4, 10, true)], asset_filesize: 3 * mib5 + 110 }
    expect(offsets(mergeParts(before, request, null))).toEqual([0, mib5 + 100, 2 * mib5 + 100, 3 * mib5 + 100])
  })

  test('move with another size of a lower part as long as nothing lies there', () => {
    const before = [known(1, { offsetBytes: 0 }), known(2, { offsetBytes: mib5 })]
    expect(offsets(mergeParts(before, { parts: [asked(1, mib5 + 1)] }, null))).toEqual([0, mib5 + 1])
  })
})

test('a number that is asked for again gets a new generation; it stays arrived if its size is the same', () => {
  const before = [known(1, { offsetBytes: 0, isAcknowledged: true })]
  const again = (size: number) => merged(mergeParts(before, { parts: [asked(1, size)] }, null)).parts[0]
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
        state = merged(mergeParts(state, { parts: batch, asset_filesize: total }, null)).parts
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
