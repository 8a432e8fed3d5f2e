import { startXxh64 } from '../xxh64.ts'
import type { ReadAt } from './embedded-creation-time.ts'

const pieceBytes = 65_536

/** A file's first and last 64 KiB, or where they meet all of it as `head`. */
export type FileEnds = { head: Buffer; tail: Buffer; tailAt: number }

/** Reads 128 KiB at most; of a file of no more, at once. */
export async function readEnds(read: ReadAt, sizeBytes: number): Promise<FileEnds> {
  if (sizeBytes <= 2 * pieceBytes) return { head: await read(0, sizeBytes), tail: Buffer.alloc(0), tailAt: sizeBytes }
  const tailAt = sizeBytes - pieceBytes
  const head = await read(0, pieceBytes)
  return { head, tail: await read(tailAt, pieceBytes), tailAt }
}

/** Answers from the ends what lies within them, and reads all else. */
export const readingBeside =
  ({ head, tail, tailAt }: FileEnds, read: ReadAt): ReadAt =>
  async (offset, length) => {
    if (offset >= tailAt) return tail.subarray(offset - tailAt, offset - tailAt + length)
    const isInHead = offset + length <= head.length || head.length === tailAt
    return isInHead ? head.subarray(offset, offset + length) : read(offset, length)
  }

/** Digest of a file's two ends and its size, as `FileIdentity.headTailDigest` defines it. */
export function digestEnds({ head, tail }: FileEnds, sizeBytes: number): string {
  const digest = startXxh64()
  digest.update(head)
  digest.update(tail)
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(sizeBytes))
  digest.update(size)
  return digest.digest()
}

export const digestHeadAndTail = async (read: ReadAt, sizeBytes: number): Promise<string> =>
  digestEnds(await readEnds(read, sizeBytes), sizeBytes)
