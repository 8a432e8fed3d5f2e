import { type WritableFile, writeFully } from './write-fully.ts'

/** Takes the bytes of one part in order. */
export type PartWriter = {
  /** Resolves when more may come: at most two batches are in memory. */
  write(chunk: Uint8Array): Promise<void>
  /** Writes what is left and makes it durable. */
  sync(): Promise<void>
  /** Waits until nothing is being written any more. Always to be called; safe to call twice. */
  close(): Promise<void>
}

/** Larger batches save system calls, smaller ones memory: there may be hundreds of uploads at once. */
export const batchBytes = 256 * 1024

/** Writes from a position of a file on; one batch is written while the next one gathers. */
export function createPartWriter(
  file: WritableFile & { datasync(): Promise<void>; close(): Promise<void> },
  startBytes: number,
): PartWriter {
  let position = startBytes
  let batch: Uint8Array[] = []
  let gatheredBytes = 0
  let writing: Promise<void> = Promise.resolve()
  let closing: Promise<void> | undefined

  const flush = async () => {
    await writing
    const chunks = batch
    const at = position
    batch = []
    position += gatheredBytes
    gatheredBytes = 0
    if (chunks.length === 0) return
    writing = writeFully(file, chunks, at)
    // The next flush, or the close, hears of a failure; without this it would count as unhandled until then.
    writing.catch(() => undefined)
  }
  return {
    async write(chunk) {
      batch.push(chunk)
      gatheredBytes += chunk.byteLength
      if (gatheredBytes >= batchBytes) await flush()
    },
    async sync() {
      await flush()
      await writing
      await file.datasync()
    },
    close() {
      closing ??= writing.catch(() => undefined).then(() => file.close()) // whoever wrote has heard of the failure
      return closing
    },
  }
}
