import xxhash from 'xxhash-wasm'
import type { OpenedSource } from './part-source.ts'

/** Of each of the two buffers; large enough that system calls cost little, small enough for 32 parts in flight on a small device. */
export const bufferSizeBytes = 524_288

let loadedXxhash: ReturnType<typeof xxhash> | undefined

/** Waits until some of the bytes may leave, and says how many: at least one, at most all. */
export type Pace = (wantedBytes: number) => Promise<number>

/** A part on its way: iterate `chunks` once, then ask for the digest. */
export type PartBody = {
  chunks: AsyncGenerator<Uint8Array>
  /** 16 lower-case hexadecimal digits; null until the last byte was taken. */
  digest(): string | null
  /**
   * Gives its memory back at once. Left to the collector, megabytes of every part wait for it, and it runs the more often for them. Only for
   * a body of which nothing waits to be written any more.
   */
  free(): void
}

/**
 * Reads a part from disk and digests it as it leaves. Never more than two buffers are held: one is being sent while the next is read.
 * A chunk must have been taken entirely when the next is asked for, since its buffer is filled again then; undici waits for the
 * socket to drain after every chunk that is longer than the socket's own buffer, which all but the last are.
 *
 * `onTaken` is called with 0 when the first chunk is asked for, then with the size of each chunk that was taken.
 * `onRead` is called with each chunk as it was read, in order. With `pace` chunks leave in the pieces that it grants; those are copied, since small ones may still wait in the socket's buffer when
 * theirs is filled again.
 *
 * Before the last chunk is handed out the file is looked at once more: a part of a file that changed meanwhile is never completed.
 */
export async function createPartBody(
  source: OpenedSource,
  part: { offsetBytes: number; sizeBytes: number },
  onTaken: (byteCount: number) => void,
  pace: Pace | null = null,
  onRead: (chunk: Uint8Array) => void = () => {},
): Promise<PartBody> {
  loadedXxhash ??= xxhash()
  const hash = (await loadedXxhash).create64()
  let digest: string | null = null
  let buffers: Buffer<ArrayBuffer>[] = []

  async function* chunks(): AsyncGenerator<Uint8Array> {
    onTaken(0)
    const even = Buffer.allocUnsafeSlow(Math.min(bufferSizeBytes, part.sizeBytes))
    const odd = Buffer.allocUnsafeSlow(Math.min(bufferSizeBytes, part.sizeBytes - even.byteLength))
    buffers = [even, odd]
    const read = async (index: number) => {
      const startBytes = index * bufferSizeBytes
      const buffer = index % 2 === 0 ? even : odd
      const lengthBytes = Math.min(bufferSizeBytes, part.sizeBytes - startBytes)
      await source.readFully(buffer, lengthBytes, part.offsetBytes + startBytes)
      return buffer.subarray(0, lengthBytes)
    }
    const chunkCount = Math.ceil(part.sizeBytes / bufferSizeBytes)
    let next = read(0)
    for (let index = 0; index < chunkCount; index++) {
      const chunk = await next
      hash.update(chunk)
      onRead(chunk)
      if (index + 1 < chunkCount) {
        next = read(index + 1)
        next.catch(() => undefined) // awaited in the next round, unless the request ended before
      } else {
        await source.verify()
      }
      for (let leftBytes = 0; leftBytes < chunk.byteLength; ) {
        const restBytes = chunk.byteLength - leftBytes
        const byteCount = pace === null ? restBytes : await pace(restBytes)
        yield byteCount === chunk.byteLength ? chunk : Buffer.from(chunk.subarray(leftBytes, leftBytes + byteCount))
        leftBytes += byteCount
        onTaken(byteCount)
      }
    }
    digest = hash.digest().toString(16).padStart(16, '0')
  }
  const free = () => {
    for (const { buffer } of buffers.splice(0)) buffer.transfer(0)
  }
  return { chunks: chunks(), digest: () => digest, free }
}
