import { openOnDisk, openSource } from '../destination/part-source.ts'
import type { ExpectedSource } from '../destination/port.ts'
import { startXxh64 } from '../xxh64.ts'

const readBytes = 1_048_576

export type SentPart = { number: number; offset: number; sizeBytes: number; xxh64: string | null }

/** `different`: the number of the first part whose bytes are not those that were sent. */
export type ReadAsSent = { kind: 'same'; xxh64: string } | { kind: 'different'; part: number }

/**
 * Reads a whole file once, in order: compares it with the digests of the parts that were sent of it, and digests all of it on the way.
 * `parts` cover the file, by their numbers; `pace` is awaited before each read. Throws `SourceProblemError` when the file is not the
 * expected one, and the signal's reason.
 */
export async function readAsSent(
  file: { path: string; sizeBytes: number; expected: ExpectedSource },
  parts: readonly SentPart[],
  signal: AbortSignal,
  pace: () => Promise<void> = async () => {},
): Promise<ReadAsSent> {
  const source = await openSource(openOnDisk, { ...file, offsetBytes: 0 })
  try {
    const whole = startXxh64()
    const buffer = Buffer.allocUnsafe(Math.min(readBytes, file.sizeBytes))
    for (const part of parts) {
      const hash = startXxh64()
      for (let done = 0; done < part.sizeBytes; done += buffer.byteLength) {
        await pace()
        signal.throwIfAborted()
        const length = Math.min(buffer.byteLength, part.sizeBytes - done)
        await source.readFully(buffer, length, part.offset + done)
        const piece = buffer.subarray(0, length)
        hash.update(piece)
        whole.update(piece)
      }
      if (hash.digest() !== part.xxh64) return { kind: 'different', part: part.number }
    }
    await source.verify()
    return { kind: 'same', xxh64: whole.digest() }
  } finally {
    await source.close()
  }
}
