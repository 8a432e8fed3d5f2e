import { type OpenFile, openOnDisk, openSource } from '../destination/part-source.ts'
import type { PartSource } from '../destination/port.ts'
import { startXxh64 } from '../xxh64.ts'

const readBytes = 1_048_576

/**
 * The xxh64 of a range of a file, as 16 hexadecimal digits. Throws `SourceProblemError` when the file is not the expected one (looked at
 * before and after), and the signal's reason.
 */
export async function digestRange(
  file: PartSource,
  signal: AbortSignal,
  openFile: OpenFile = openOnDisk,
): Promise<string> {
  const source = await openSource(openFile, file)
  try {
    const hash = startXxh64()
    const buffer = Buffer.allocUnsafe(Math.min(readBytes, file.sizeBytes))
    for (let done = 0; done < file.sizeBytes; done += buffer.byteLength) {
      signal.throwIfAborted()
      const length = Math.min(buffer.byteLength, file.sizeBytes - done)
      await source.readFully(buffer, length, file.offsetBytes + done)
      hash.update(buffer.subarray(0, length))
    }
    await source.verify()
    return hash.digest()
  } finally {
    await source.close()
  }
}
