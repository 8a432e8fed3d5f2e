import { expect, test } from 'vitest'
import { partsToCompare, type RewriteHabit, rewriteHabitOf } from '../src/index.ts'

const parts = [2, 3, 4, 5].map((number) => ({ number, offset: (number - 1) * 10, sizeBytes: 10 }))
const numbers = (of: readonly { number: number }[]) => of.map(({ number }) => number)

const mebibyte = 1_048_576

test.for<[what: string, habit: RewriteHabit, extensions: string[]]>([
  ['an MP4 or QuickTime movie', 'head', ['mp4', 'MOV', 'qt', 'm4v', 'm4a', '3gp', 'insv', 'lrv', '360']],
  ['an HEIF still', 'head', ['heic', 'heif', 'HIF']],
  ['WAV and RF64', 'head', ['wav', 'WAV', 'bwf', 'rf64', 'w64']],
  ['MXF', 'partitions', ['mxf', 'MXF']],
  ['AVI', 'segments', ['avi', 'AVI']],
  ['Matroska', 'everywhere', ['mkv', 'MKV', 'webm']],
  ['what nobody knows', 'everywhere', ['xyz', '', 'mp', 'mp44', '.mov', 'braw', 'r3d', 'ts', 'constructor']],
])('%s is written again: %s', ([, habit, extensions]) => {
  expect(extensions.map((extension) => [extension, rewriteHabitOf(extension)])).toEqual(
    extensions.map((extension) => [extension, habit]),
  )
})

test('what may be rewritten everywhere is compared whole', () => {
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

test('unless told otherwise the end is the last 64 MiB', () => {
  const large = [1, 2, 3].map((number) => ({ number, offset: (number - 1) * 64 * mebibyte, sizeBytes: 64 * mebibyte }))
  expect(numbers(partsToCompare(large, [], 192 * mebibyte))).toEqual([3])
  expect(numbers(partsToCompare(large, [], 192 * mebibyte - 1))).toEqual([2, 3])
})
