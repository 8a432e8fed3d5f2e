import { startXxh64, type Xxh64 } from '../parts/xxh64.ts'
import type { StoredObject } from '../store/port.ts'

export type ReadBack =
  /** So many bytes more were read. */
  | { kind: 'bytes'; count: number }
  /** A part was read; `xxh64` null: it is not there in full, or the object has other bytes than the clip. */
  | { kind: 'part'; number: number; xxh64: string | null }

/**
 * Reads a stored object from a part on, to its end, and digests it part by part. What it throws is the store's.
 *
 * @param whole takes in every byte that is read
 */
export async function* readBack(
  object: StoredObject | null,
  clip: { sizeBytes: number; parts: readonly { number: number; sizeBytes: number }[] },
  options: { fromPart: number; whole: Xxh64 },
): AsyncGenerator<ReadBack> {
  let offset = 0
  for (const part of clip.parts) {
    const end = offset + part.sizeBytes
    if (part.number >= options.fromPart) {
      const digest = startXxh64()
      let byteCount = 0
      if (object !== null)
        for await (const chunk of object.read(offset, end)) {
          digest.update(chunk)
          options.whole.update(chunk)
          byteCount += chunk.length
          yield { kind: 'bytes', count: chunk.length }
        }
      const isLast = part === clip.parts.at(-1)
      // A file that grew has other bytes than the clip as well.
      const isWhole = byteCount === part.sizeBytes && !(isLast && object?.sizeBytes !== clip.sizeBytes)
      yield { kind: 'part', number: part.number, xxh64: isWhole ? digest.digest() : null }
    }
    offset = end
  }
}
