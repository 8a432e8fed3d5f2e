import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findMoov } from '../../src/media/find-moov.ts'

/** A box of so many bytes in all; `long`: its length is written in 64 bits. */
function box(type: string, byteCount: number, form: 'short' | 'long' | 'toTheEnd' = 'short'): Buffer {
  const bytes = Buffer.alloc(byteCount)
  bytes.writeUInt32BE(form === 'short' ? byteCount : form === 'long' ? 1 : 0)
  bytes.write(type, 4, 'latin1')
  if (form === 'long') bytes.writeBigUInt64BE(BigInt(byteCount), 8)
  return bytes
}

async function find(bytes: Buffer) {
  let readCount = 0
  const found = await findMoov(bytes.length, async (start, byteCount) => {
    readCount += 1
    return bytes.subarray(start, start + byteCount)
  })
  return { found, readCount }
}

test.each([
  ['at the beginning', [box('ftyp', 24), box('moov', 100), box('mdat', 500)], { start: 24, end: 124 }],
  ['in the middle', [box('ftyp', 24), box('mdat', 500), box('moov', 100), box('free', 80)], { start: 524, end: 624 }],
  ['at the end', [box('ftyp', 24), box('mdat', 500, 'long'), box('moov', 100)], { start: 524, end: 624 }],
  ['up to the end of the file', [box('wide', 8), box('moov', 100, 'toTheEnd')], { start: 8, end: 108 }],
  ['cut off', [box('ftyp', 24), box('moov', 100).subarray(0, 60)], { start: 24, end: 84 }],
  ['nowhere', [box('ftyp', 24), box('mdat', 500)], null],
  ['behind media up to the end of the file', [box('ftyp', 24), box('mdat', 500, 'toTheEnd')], null],
])('tables %s', async (_where, boxes, expected) => {
  expect((await find(Buffer.concat(boxes))).found).toEqual(expected)
})

test.each([
  ['a length below that of the header', Buffer.concat([box('ftyp', 24), Buffer.from([0, 0, 0, 7]), Buffer.alloc(50)])],
  ['64 bits of length below those of the header', Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.alloc(50)])],
  ['a length beyond all files', Buffer.from(`000000016d646174ffffffffffffffff${'00'.repeat(50)}`, 'hex')],
  ['nothing at all', Buffer.alloc(0)],
])('%s ends the search', async (_what, bytes) => {
  expect((await find(bytes)).found).toBeNull()
})

test('thousands of boxes are not all gone through', async () => {
  const { found, readCount } = await find(Buffer.concat(Array.from({ length: 5_000 }, () => box('free', 8))))
  expect([found, readCount]).toEqual([null, 32])
})

test('whatever the bytes are, it ends, with a stretch of the file or with none', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      const { found, readCount } = await find(Buffer.from(bytes))
      expect(readCount).toBeLessThanOrEqual(32)
      if (found !== null) expect(0 <= found.start && found.start < found.end && found.end <= bytes.length).toBe(true)
    }),
  )
})
