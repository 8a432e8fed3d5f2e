import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readEmbeddedCreationTime } from '../../src/capture/embedded-creation-time.ts'

const epochOffsetSeconds = 2_082_844_800
const at = Date.UTC(2026, 10, 22, 14, 3, 5)

/** Reads from memory and counts. */
function readOf(content: Buffer) {
  let count = 0
  const read = async (offset: number, length: number) => {
    count += 1
    return content.subarray(offset, offset + length)
  }
  return { timeIn: (sizeBytes = content.length) => readEmbeddedCreationTime(read, sizeBytes), count: () => count }
}
const timeIn = (content: Buffer) => readOf(content).timeIn()

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const uint64 = (value: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
const box = (type: string, ...content: Buffer[]) => {
  const body = Buffer.concat(content)
  return Buffer.concat([uint32(body.length + 8), Buffer.from(type, 'latin1'), body])
}
const mvhd = (ms: number) => box('mvhd', uint32(0), uint32(ms / 1000 + epochOffsetSeconds), Buffer.alloc(92))
const mvhd64 = (ms: number) =>
  box('mvhd', uint32(0x0100_0000), uint64(ms / 1000 + epochOffsetSeconds), Buffer.alloc(92))
const ftyp = box('ftyp', Buffer.from('qt  '), uint32(0))

describe('the creation time of MP4 and QuickTime files', () => {
  test.each([
    ['before the media', [ftyp, box('moov', mvhd(at)), box('mdat', Buffer.alloc(99))]],
    ['after the media', [ftyp, box('wide'), box('mdat', Buffer.alloc(99)), box('moov', box('udta'), mvhd(at))]],
    ['with 64-bit times', [ftyp, box('moov', mvhd64(at))]],
    [
      'after media with a 64-bit size',
      [ftyp, uint32(1), Buffer.from('mdat'), uint64(16 + 50), Buffer.alloc(50), box('moov', mvhd(at))],
    ],
    ['in a box that runs to the end of the file', [ftyp, uint32(0), Buffer.from('moov'), mvhd(at)]],
    ['without a file type, as old QuickTime has it', [box('moov', mvhd(at))]],
  ])('is read from the movie header %s', async (_, parts) => {
    expect(await timeIn(Buffer.concat(parts))).toBe(at)
  })

  test.each([
    ['the header says 0', [ftyp, box('moov', mvhd(-epochOffsetSeconds * 1000))]],
    ['the time is before there were such files', [ftyp, box('moov', mvhd(Date.UTC(1970, 0, 2)))]],
    ['the time is in another age', [ftyp, box('moov', mvhd64(Date.UTC(2300, 0)))]],
    ['there is no movie yet', [ftyp, box('mdat', Buffer.alloc(99))]],
    ['the movie has no header', [ftyp, box('moov', box('udta'))]],
    ['the header is cut off', [ftyp, box('moov', mvhd(at)).subarray(0, 20)]],
    ['a box is smaller than its own head', [ftyp, uint32(7), Buffer.from('free'), box('moov', mvhd(at))]],
    [
      'a 64-bit size is smaller than its own head',
      [ftyp, uint32(1), Buffer.from('free'), uint64(15), box('moov', mvhd(at))],
    ],
    [
      'a size points far beyond the file',
      [ftyp, uint32(1), Buffer.from('mdat'), Buffer.alloc(8, 0xff), box('moov', mvhd(at))],
    ],
    ['it is another format', [Buffer.from('this is text'), box('moov', mvhd(at))]],
    ['it is shorter than any head', [Buffer.from('ftyp')]],
  ])('is null when %s', async (_, parts) => {
    expect(await timeIn(Buffer.concat(parts))).toBeNull()
  })

  test('takes a bounded number of reads however many boxes there are', async () => {
    const file = readOf(
      Buffer.concat([ftyp, ...Array.from({ length: 5_000 }, () => box('free')), box('moov', mvhd(at))]),
    )
    expect(await file.timeIn()).toBeNull()
    expect(file.count()).toBeLessThan(100)
  })
})

describe('the origination time of Broadcast Wave files', () => {
  const chunk = (type: string, body: Buffer, length = body.length) => {
    const head = Buffer.alloc(8)
    head.write(type, 0, 'latin1')
    head.writeUInt32LE(length, 4)
    return Buffer.concat([head, body, Buffer.alloc(body.length % 2)])
  }
  const bext = (text: string) =>
    chunk('bext', Buffer.concat([Buffer.alloc(320), Buffer.from(text, 'latin1'), Buffer.alloc(264)]))
  const wave = (kind: string, ...chunks: Buffer[]) =>
    Buffer.concat([Buffer.from(`${kind}size WAVE`.replace(' ', '')), ...chunks])
  const local = new Date(2026, 10, 22, 14, 3, 5).getTime()

  test.each([
    ['RIFF', '2026-11-2214:03:05'],
    ['RIFF', '2026:11:2214-03-05'],
    ['RF64', '2026_11_2214.03.05'],
    ['BW64', '2026 11 2214 03 05'],
  ])('is read in %s from "%s", in the zone of the device', async (kind, text) => {
    expect(await timeIn(wave(kind, chunk('JUNK', Buffer.alloc(27)), bext(text), chunk('data', Buffer.alloc(8))))).toBe(
      local,
    )
  })

  test.each([
    ['a date that does not exist', wave('RIFF', bext('2026-02-3114:03:05'))],
    ['an hour that does not exist', wave('RIFF', bext('2026-11-2224:00:00'))],
    ['zeros for "unset"', wave('RIFF', bext('0000-00-0000:00:00'))],
    ['bytes that are no text', wave('RIFF', bext('\0'.repeat(18)))],
    ['a chunk too short to hold it', wave('RIFF', chunk('bext', Buffer.alloc(100)))],
    ['no such chunk', wave('RIFF', chunk('fmt ', Buffer.alloc(16)), chunk('data', Buffer.alloc(8)))],
    ['a length beyond the file', wave('RIFF', chunk('JUNK', Buffer.alloc(2), 0xffff_ffff), bext('2026-11-2214:03:05'))],
  ])('is null with %s', async (_, file) => {
    expect(await timeIn(file)).toBeNull()
  })
})

test('whatever the bytes are, reading ends, stays within 1990 to 2100, and never throws', async () => {
  const start = fc.constantFrom(ftyp, Buffer.from('RIFFsizeWAVE'), Buffer.alloc(0), box('moov').subarray(0, 8))
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map(Buffer.from),
    fc.constantFrom(ftyp, mvhd(at), box('moov'), Buffer.from('bext')),
  )
  await fc.assert(
    fc.asyncProperty(
      start,
      fc.array(piece, { maxLength: 20 }),
      fc.nat({ max: 2_000 }),
      async (head, pieces, extraBytes) => {
        const file = readOf(Buffer.concat([head, ...pieces]))
        // The size may also be wrong: a file can be cut between being looked at and being read.
        const time = await file.timeIn(head.length + extraBytes)
        expect(time === null || (time >= Date.UTC(1990, 0) && time <= Date.UTC(2100, 0))).toBe(true)
        expect(file.count()).toBeLessThan(200)
      },
    ),
    { verbose: 1 },
  )
})
