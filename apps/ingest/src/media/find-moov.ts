/** Between the boxes of a clip that is whole are few others; a file of thousands asks for as many reads from far away. */
const maxBoxes = 32
const headerBytes = 16

/**
 * Where the tables of an MP4 or QuickTime file lie: its `moov` box among the outermost, found by going from one to the next. Null
 * where there is none, or the file is of another kind, or makes no sense.
 *
 * @param readAt gives up to so many bytes from there
 */
export async function findMoov(
  sizeBytes: number,
  readAt: (start: number, byteCount: number) => Promise<Buffer>,
): Promise<{ start: number; end: number } | null> {
  let start = 0
  for (let boxes = 0; boxes < maxBoxes && start + 8 <= sizeBytes; boxes++) {
    const header = await readAt(start, Math.min(headerBytes, sizeBytes - start))
    const lengthBytes = lengthOf(header, sizeBytes - start)
    if (lengthBytes === null) return null
    const end = Math.min(start + lengthBytes, sizeBytes)
    if (header.toString('latin1', 4, 8) === 'moov') return { start, end }
    start = end
  }
  return null
}

/** The length that a box says it has, header included; null when that cannot be. */
function lengthOf(header: Buffer, restBytes: number): number | null {
  if (header.length < 8) return null
  const short = header.readUInt32BE(0)
  if (short === 0) return restBytes // to the end of the file
  if (short !== 1) return short >= 8 ? short : null
  if (header.length < headerBytes) return null
  const long = header.readBigUInt64BE(8)
  return long >= BigInt(headerBytes) && long <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(long) : null
}
