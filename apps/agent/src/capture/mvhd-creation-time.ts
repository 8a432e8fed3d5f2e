import type { ReadAt } from './embedded-creation-time.ts'

/** Boxes looked at on one level before giving up: real files have a handful before `moov`, fragmented ones have `moov` first. */
const maxBoxesPerLevel = 64
/** What a file of this family may begin with. */
const firstBoxes = new Set(['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'pnot', 'styp', 'uuid'])
/** Seconds from 1904, where these files count from, to 1970. */
const epochOffsetSeconds = 2_082_844_800

/** Creation time of the movie header of an MP4 or QuickTime file (ISO/IEC 14496-12, 8.2.2); null without one or for the "unset" 0. */
export async function mvhdCreationAt(read: ReadAt, sizeBytes: number): Promise<number | null> {
  const movie = await findBox(read, 'moov', 0, sizeBytes, firstBoxes)
  if (movie === null) return null
  const header = await findBox(read, 'mvhd', movie.contentAt, movie.endsAt, null)
  if (header === null) return null
  const bytes = await read(header.contentAt, Math.min(12, header.endsAt - header.contentAt))
  if (bytes.length < 12) return null
  // Version 1 has 64-bit times.
  const seconds = bytes[0] === 1 ? Number(bytes.readBigUInt64BE(4)) : bytes.readUInt32BE(4)
  return seconds === 0 ? null : (seconds - epochOffsetSeconds) * 1000
}

type Box = { type: string; contentAt: number; endsAt: number }

/** The first box of this type between two offsets. Sizes are not believed beyond `end`, and each step goes forward by 8 bytes at least. */
async function findBox(
  read: ReadAt,
  type: string,
  start: number,
  end: number,
  firstMayBe: ReadonlySet<string> | null,
): Promise<Box | null> {
  let at = start
  for (let count = 0; count < maxBoxesPerLevel && at + 8 <= end; count += 1) {
    const box = readBox(await read(at, 16), at, end)
    if (box === null || (count === 0 && firstMayBe !== null && !firstMayBe.has(box.type))) return null
    if (box.type === type) return box
    at = box.endsAt
  }
  return null
}

function readBox(bytes: Buffer, at: number, end: number): Box | null {
  if (bytes.length < 8) return null
  const size32 = bytes.readUInt32BE(0)
  const isLong = size32 === 1
  if (isLong && bytes.length < 16) return null
  const headerBytes = isLong ? 16 : 8
  // 0 means: to the end of the file.
  const sizeBytes = size32 === 0 ? end - at : isLong ? Number(bytes.readBigUInt64BE(8)) : size32
  if (sizeBytes < headerBytes) return null
  return { type: bytes.toString('latin1', 4, 8), contentAt: at + headerBytes, endsAt: Math.min(at + sizeBytes, end) }
}
