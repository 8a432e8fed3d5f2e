import { type FileHandle, open } from 'node:fs/promises'
import { isErrno } from './errno.ts'
import { writeFully } from './write-fully.ts'

/** What bytes are copied through: one for all parts of a clip, since so much garbage a part would add up. */
export const createCopyBuffer = (): Buffer => Buffer.allocUnsafe(1024 * 1024)

/** Bytes in a file: from a position on, or (null) the file is they and nothing else. */
export type LyingBytes = { path: string; startBytes: number | null; sizeBytes: number }

/** Copies bytes to a place in another file, through a buffer, without syncing it; false when they are not all there. */
export async function copyBytes(
  { path, startBytes, sizeBytes }: LyingBytes,
  into: FileHandle,
  atBytes: number,
  buffer: Buffer,
): Promise<boolean> {
  const from = await open(path, 'r').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null
    throw error
  })
  if (from === null) return false
  try {
    if (startBytes === null && (await from.stat()).size !== sizeBytes) return false
    for (let done = 0; done < sizeBytes; ) {
      const length = Math.min(buffer.length, sizeBytes - done)
      const { bytesRead } = await from.read(buffer, 0, length, (startBytes ?? 0) + done)
      if (bytesRead === 0) return false
      await writeFully(into, [buffer.subarray(0, bytesRead)], atBytes + done)
      done += bytesRead
    }
    return true
  } finally {
    await from.close()
  }
}
