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

type OpenFile = WritableFile & { datasync(): Promise<void>; close(): Promise<void> }

/** Larger batches save system calls and switches between threads: a fifth more bytes per second at 1 MiB than at 256 KiB. */
export const maxBatchBytes = 1024 * 1024
const minBatchBytes = 64 * 1024
/** In memory for all parts together, while there are no more of them than 256. */
export const budgetBytes = 32 * 1024 * 1024

/** How much of a part is written at once while so many are being written; each has one batch gathering and one being written. */
export const batchBytesOf = (writerCount: number): number =>
  Math.min(maxBatchBytes, Math.max(minBatchBytes, Math.floor(budgetBytes / (2 * writerCount))))

/** The disk begins on what came when it is so much: otherwise it idles while a part comes in, and its sender while it is synced. */
export const syncAheadBytes = 8 * 1024 * 1024
/** Of all parts together: each takes a thread for as long as the disk takes. */
const maxSyncsAhead = 4

/** Writers that share what memory and threads there are: each writes from a position of a file on. */
export function createPartWriters(): (file: OpenFile, startBytes: number) => PartWriter {
  const shared: Shared = { writerCount: 0, syncsAheadCount: 0 }
  return (file, startBytes) => createPartWriter(file, startBytes, shared)
}

type Shared = { writerCount: number; syncsAheadCount: number }

/** One batch is written while the next one gathers. */
function createPartWriter(file: OpenFile, startBytes: number, shared: Shared): PartWriter {
  let position = startBytes
  let syncedToBytes = startBytes
  let batch: Uint8Array[] = []
  let gatheredBytes = 0
  let writing: Promise<void> = Promise.resolve()
  let syncingAhead: Promise<void> | null = null
  let closing: Promise<void> | undefined
  shared.writerCount += 1

  const flush = async () => {
    await writing
    const chunks = batch
    const at = position
    batch = []
    position += gatheredBytes
    gatheredBytes = 0
    if (chunks.length === 0) return
    syncAhead(at)
    writing = writeFully(file, chunks, at)
    // The next flush, or the close, hears of a failure; without this it would count as unhandled until then.
    writing.catch(() => undefined)
  }
  /** The system tells of bytes that could not be written once only: a failure here has to fail the part. */
  const syncAhead = (writtenToBytes: number) => {
    const isDue = writtenToBytes - syncedToBytes >= syncAheadBytes
    if (!isDue || syncingAhead !== null || shared.syncsAheadCount >= maxSyncsAhead) return
    syncedToBytes = writtenToBytes
    shared.syncsAheadCount += 1
    syncingAhead = file.datasync().finally(() => {
      shared.syncsAheadCount -= 1
    })
    syncingAhead.then(
      () => {
        syncingAhead = null
      },
      () => undefined, // stays, for `sync` to fail with
    )
  }
  return {
    async write(chunk) {
      batch.push(chunk)
      gatheredBytes += chunk.byteLength
      if (gatheredBytes >= batchBytesOf(shared.writerCount)) await flush()
    },
    async sync() {
      await flush()
      await writing
      await syncingAhead
      await file.datasync()
    },
    close() {
      closing ??= Promise.allSettled([writing, syncingAhead]) // whoever wrote has heard of a failure
        .then(() => file.close())
        .finally(() => {
          shared.writerCount -= 1
        })
      return closing
    },
  }
}
