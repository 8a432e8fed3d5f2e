import { extname } from 'node:path'
import { type PartLimits, partLimits, type Region, rewriteHabitOf } from '@rushes/upload-core'
import { type ReadPlace, readPlaces } from './read-places.ts'

/** More than this many is not the table of a file that anybody recorded. */
const maxPlaces = 100_000
/** A partition pack with the sizes and places that a recorder fills in at the end; the rest of the partition follows it. */
const packBytes = 4_096

/** Where a file of this name may have been rewritten after it was written, by its format and by what the complete file itself says. */
export async function rewrittenPlaces(
  path: string,
  sizeBytes: number,
  { minPartSizeBytes }: Pick<PartLimits, 'minPartSizeBytes'> = partLimits,
): Promise<Region[] | 'everywhere'> {
  const habit = rewriteHabitOf(extname(path).slice(1))
  if (habit === 'everywhere') return habit
  const head: Region = { offset: 0, sizeBytes: minPartSizeBytes }
  if (habit === 'head') return [head]
  const offsets = await readPlaces(path, (read) =>
    habit === 'partitions' ? partitionsOfMxf(read, sizeBytes) : segmentsOfAvi(read, sizeBytes),
  )
  return offsets === null ? 'everywhere' : [head, ...offsets.map((offset) => ({ offset, sizeBytes: packBytes }))]
}

const randomIndexKey = Buffer.from('060e2b34020501010d01020101110100', 'hex')

/** The random index pack at the end of an MXF file names every partition (SMPTE ST 377-1, 12); null where there is none. */
async function partitionsOfMxf(read: ReadPlace, sizeBytes: number): Promise<number[] | null> {
  const last = sizeBytes < 4 ? Buffer.alloc(0) : await read(sizeBytes - 4, 4)
  if (last.length < 4) return null
  const packLength = last.readUInt32BE(0)
  // Key, a length of one to nine bytes, entries of twelve bytes, and the length of it all.
  if (packLength < 16 + 1 + 12 + 4 || packLength > Math.min(sizeBytes, 16 + 9 + 12 * maxPlaces + 4)) return null
  const pack = await read(sizeBytes - packLength, packLength)
  const first = pack[16]
  if (pack.length < packLength || !pack.subarray(0, 16).equals(randomIndexKey) || first === undefined) return null
  const entriesAt = 17 + (first > 0x80 ? first - 0x80 : 0)
  if ((packLength - 4 - entriesAt) % 12 !== 0) return null
  const offsets: number[] = []
  for (let at = entriesAt; at + 12 <= packLength - 4; at += 12) offsets.push(Number(pack.readBigUInt64BE(at + 4)))
  return offsets
}

/** An AVI file is a row of RIFF segments, each with its length; null where something else comes. */
async function segmentsOfAvi(read: ReadPlace, sizeBytes: number): Promise<number[] | null> {
  const offsets: number[] = []
  let at = 0
  while (at + 12 <= sizeBytes) {
    const head = await read(at, 8)
    if (head.length < 8 || head.toString('latin1', 0, 4) !== 'RIFF' || offsets.length >= maxPlaces) return null
    offsets.push(at)
    const length = head.readUInt32LE(4)
    at += 8 + length + (length % 2)
  }
  return offsets
}
