import { startXxh64 } from '../xxh64.ts'
import type { ReadAt } from './embedded-creation-time.ts'

const pieceBytes = 65_536

/** Digest of a file's two ends and its size, as `FileIdentity.headTailDigest` defines it. Reads 128 KiB at most. */
export async function digestHeadAndTail(read: ReadAt, sizeBytes: number): Promise<string> {
  const digest = startXxh64()
  digest.update(await read(0, Math.min(pieceBytes, sizeBytes)))
  const tailAt = Math.max(pieceBytes, sizeBytes - pieceBytes)
  if (tailAt < sizeBytes) digest.update(await read(tailAt, sizeBytes - tailAt))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(sizeBytes))
  digest.update(size)
  return digest.digest()
}
