import type { Socket } from 'node:net'
import xxhash from 'xxhash-wasm'
import type { OpenedSource } from './part-source.ts'

/** Of each of the two buffers; large enough that system calls cost little, small enough for 32 parts in flight on a small device. */
export const bufferSizeBytes = 524_288

let loadedXxhash: ReturnType<typeof xxhash> | undefined

/** Waits until some of the bytes may leave, and says how many: at least one, at most all. */
export type Pace = (wantedBytes: number) => Promise<number>

/** A part on its way: send `content`, iterate it once where it comes in chunks, then ask for the digest. */
export type PartBody = {
  content: Buffer<ArrayBuffer> | AsyncGenerator<Uint8Array>
  /** To be told when it begins to leave, and by which connection. */
  leaving(connection: Socket): void
  /** 16 lower-case hexadecimal digits; null until the last byte was taken. */
  digest(): string | null
  /**
   * Gives its memory back at once. Left to the collector, megabytes of every part wait for it, and it runs the more often for them. Only for
   * a body of which nothing waits to be written any more.
   */
  free(): void
}

/**
 * Reads a part from disk and digests it as it leaves. Never more than two buffers are held: one is being sent while the next is read. What fits
 * into one is read at once, which for small files is most of the work spared.
 * A chunk must have been taken entirely when the next is asked for, since its buffer is filled again then; undici waits for the
 * socket to drain after every chunk that is longer than the socket's own buffer, which all but the last are.
 *
 * `onTaken` is called with 0 when the first chunk is asked for or waits for room, then with the size of each chunk that was taken.
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
  if (isReadAtOnce(part, pace)) return readWhole(source, part, hash, onTaken, onRead)
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
    digest = hexOf(hash)
  }
  const free = () => {
    for (const { buffer } of buffers.splice(0)) buffer.transfer(0)
  }
  return { content: chunks(), leaving: () => undefined, digest: () => digest, free }
}

type Hash = ReturnType<Awaited<ReturnType<typeof xxhash>>['create64']>
const hexOf = (hash: Hash): string => hash.digest().toString(16).padStart(16, '0')

/** Whether all of a part is read, and verified, before any of it leaves. */
export const isReadAtOnce = ({ sizeBytes }: { sizeBytes: number }, pace: Pace | null): boolean =>
  pace === null && sizeBytes > 0 && sizeBytes <= bufferSizeBytes

/** It leaves in one write. All of it is on its way when its connection has room again: a success that comes before is none. */
async function readWhole(
  source: OpenedSource,
  part: { offsetBytes: number; sizeBytes: number },
  hash: Hash,
  onTaken: (byteCount: number) => void,
  onRead: (chunk: Uint8Array) => void,
): Promise<PartBody> {
  const content = Buffer.allocUnsafeSlow(part.sizeBytes)
  try {
    await source.readFully(content, part.sizeBytes, part.offsetBytes)
  } catch (error) {
    await source.verify() // what is no file any more, or a shorter one, cannot be read either: that is the better reason
    throw error
  }
  await source.verify()
  hash.update(content)
  onRead(content)
  const digest = hexOf(hash)
  let hasLeft = false
  const left = () => {
    hasLeft = true
    onTaken(part.sizeBytes)
  }
  const leaving = (connection: Socket) => {
    // It is written by then.
    queueMicrotask(() => {
      if (!connection.writableNeedDrain) return left()
      onTaken(0)
      connection.once('drain', left)
    })
  }
  return { content, leaving, digest: () => (hasLeft ? digest : null), free: () => void content.buffer.transfer(0) }
}
