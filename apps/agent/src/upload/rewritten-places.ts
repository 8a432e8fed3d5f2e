import { type FileHandle, open } from 'node:fs/promises'
import { extname } from 'node:path'
import { type PartLimits, partLimits, type Region, rewriteHabitOf } from '@rushes/upload-core'

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
  const file = await open(path, 'r')
  try {
    const offsets =
      habit === 'partitions' ? await partitionsOfMxf(file, sizeBytes) : await segmentsOfAvi(file, sizeBytes)
    return offsets === null ? 'everywhere' : [head, ...offsets.map((offset) => ({ offset, sizeBytes: packBytes }))]
  } finally {
    await file.close()
  }
}

const randomIndexKey = Buffer.from('060e2b34020501010d01020101110100', 'hex')

/** The random index pack at the end of an MXF file names every partition (SMPTE ST 377-1, 12); null where there is none. */
async function partitionsOfMxf(file: FileHandle, sizeBytes: number): Promise<number[] | null> {
  const packLength = (await readAt(file, sizeBytes - 4, 4)).readUInt32BE(0)
  // Key, a length of one to nine bytes, entries of twelve bytes, and the length of it all.
  if (packLength < 16 + 1 + 12 + 4 || packLength > Math.min(sizeBytes, 16 + 9 + 12 * maxPlaces + 4)) return null
  const pack = await readAt(file, sizeBytes - packLength, packLength)
  const first = pack[16]
  if (!pack.subarray(0, 16).equals(randomIndexKey) || first === undefined) return null
  const entriesAt = 17 + (first > 0x80 ? first - 0x80 : 0)
  if ((packLength - 4 - entriesAt) % 12 !== 0) return null
  const offsets: number[] = []
  for (let at = entriesAt; at + 12 <= packLength - 4; at += 12) offsets.push(Number(pack.readBigUInt64BE(at + 4)))
  return offsets
}

/** An AVI file is a row of RIFF segments, each with its length; null where something else comes. */
async function segmentsOfAvi(file: FileHandle, sizeBytes: number): Promise<number[] | null> {
  const offsets: number[] = []
  let at = 0
  while (at + 12 <= sizeBytes) {
    const head = await readAt(file, at, 8)
    if (head.toString('latin1', 0, 4) !== 'RIFF' || offsets.length >= maxPlaces) return null
    offsets.push(at)
    const length = head.readUInt32LE(4)
    at += 8 + length + (length % 2)
  }
  return offsets
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  if (offset >= 0) await file.read(buffer, 0, length, offset)
  return buffer
}
