import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '@rushes/test-kit'
import { expect, onTestFinished, test } from 'vitest'
import { findShift, readProbe } from '../../src/upload/find-shift.ts'
import { hashBytes } from '../../src/xxh64.ts'

const noise = (byteCount: number, seed: number) => Buffer.from(seededRandom(seed).bytes(byteCount))
const zeros = (byteCount: number) => Buffer.alloc(byteCount)

/** A file that is `before`, cut after `headBytes`, when its part 2 of `partBytes` is sent, and `after` when it is complete. */
async function shiftOf(given: {
  before: Buffer
  after: Buffer
  headBytes: number
  partBytes: number
  hasArrived?: boolean
}) {
  const { before, after, headBytes, partBytes, hasArrived = true } = given
  const dir = await mkdtemp(join(tmpdir(), 'rushes-shift-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const path = join(dir, 'A001.mov')
  await writeFile(path, before)
  const second = { number: 2, offset: headBytes, sizeBytes: partBytes }
  const probe = await readProbe(path, second)
  await writeFile(path, after)
  const { size: sizeBytes, mtimeNs } = await stat(path, { bigint: true }).then((s) => ({ ...s, size: Number(s.size) }))
  const expected = { sizeBytes, modifiedUs: Number(mtimeNs / 1_000n), inode: null }
  const xxh64 = hashBytes(before.subarray(headBytes, headBytes + partBytes))
  const arrived = hasArrived ? { ...second, xxh64 } : null
  return findShift({ path, expected, sizeBytes, probe, second, arrived }, new AbortController().signal)
}
const cut = { headBytes: 10_000, partBytes: 200_000 }

test('finds by how much a file moved up, from one byte on', async () => {
  const before = noise(300_000, 1)
  for (const shiftBytes of [1, 77, 40_000])
    expect(await shiftOf({ ...cut, before, after: Buffer.concat([noise(shiftBytes, 2), before]) })).toBe(shiftBytes)
})

test('finds it where parts begin with stuffing that is everywhere, as of recorders with a constant rate', async () => {
  const before = Buffer.concat([noise(5_000, 1), zeros(105_000), noise(50_000, 2), zeros(140_000)])
  const head = Buffer.concat([zeros(5_000), noise(1_234, 3)])
  expect(await shiftOf({ ...cut, before, after: Buffer.concat([head, before]) })).toBe(head.length)
})

test('is not misled by the same stretch elsewhere: the digest of a part that has arrived decides', async () => {
  const before = Buffer.concat([noise(10_000, 1), noise(290_000, 2)])
  // The new head ends with what part 2 begins with.
  const head = Buffer.concat([noise(20_000, 3), noise(1_000, 2), noise(500, 4)])
  expect(await shiftOf({ ...cut, before, after: Buffer.concat([head, before]) })).toBe(head.length)
})

test('says 0 where the file lies as it lay, where it is nowhere, and where all of it is the same byte', async () => {
  const before = noise(300_000, 1)
  expect(await shiftOf({ ...cut, before, after: Buffer.concat([before, noise(10, 2)]) })).toBe(0)
  expect(await shiftOf({ ...cut, before, after: noise(310_000, 2) })).toBe(0)
  expect(await shiftOf({ ...cut, before: zeros(300_000), after: zeros(300_100) })).toBe(0)
})

test('finds it before any part has arrived', async () => {
  const before = noise(300_000, 1)
  const after = Buffer.concat([noise(99, 2), before])
  expect(await shiftOf({ ...cut, before, after, hasArrived: false })).toBe(99)
})
