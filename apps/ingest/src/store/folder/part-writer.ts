import { isErrno } from './errno.ts'
import { createPieces, type Piece, type Pieces, pieceBytes } from './pieces.ts'
import { type WritableFile, writeFully } from './write-fully.ts'

/** Takes the bytes of one part in order. */
export type PartWriter = {
  /**
   * The chunk may be used again when it returns. What it returns resolves when more may come, undefined: at once. At most two
   * batches are in memory.
   */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** Writes what is left and makes it durable. */
  sync(): Promise<void>
  /** Waits until nothing is being written any more. Always to be called; safe to call twice. */
  close(): Promise<void>
}

type ClosableFile = WritableFile & { close(): Promise<void> }
type OpenFile = ClosableFile & { datasync(): Promise<void> }
/** Opens a file once more, to be written past the page cache; null where that cannot be had. */
type OpenDirect<File> = (file: File) => Promise<ClosableFile | null>

/**
 * What goes past the page cache the disk takes before the next may come: the larger, the less it waits between two, and the longer
 * the other parts of a clip wait, and the end of each. Of 1, 2 and 4 MiB the middle is faster by a quarter with parts of 25 MB.
 */
export const maxBatchBytes = 2 * 1024 * 1024
/** In memory for all parts together, while there are no more of them than 256. */
export const budgetBytes = 32 * 1024 * 1024
/** Less than this is left to the page cache, which makes more of it before the disk has to move. */
export const minDirectBytes = 1024 * 1024

/** How much of a part is written at once while so many are being written; each has one batch gathering and one being written. */
export const batchBytesOf = (writerCount: number): number => {
  const shareBytes = Math.floor(budgetBytes / (2 * writerCount) / pieceBytes) * pieceBytes
  return Math.min(maxBatchBytes, Math.max(pieceBytes, shareBytes))
}

/**
 * The disk begins on what came into the page cache when it is so much: otherwise it idles while a part comes in, and its sender
 * while it is synced.
 */
export const syncAheadBytes = 8 * 1024 * 1024
/** Of all parts together: each takes a thread for as long as the disk takes. */
const maxSyncsAhead = 4

/** Writers that share what memory and threads there are: each writes from a position of a file on. */
export function createPartWriters<File extends OpenFile>(openDirect: OpenDirect<File>, pieces = createPieces()) {
  const shared: Shared = { writerCount: 0, syncsAheadCount: 0, pieces }
  return (file: File, startBytes: number): PartWriter => createPartWriter(file, startBytes, openDirect, shared)
}

type Shared = { writerCount: number; syncsAheadCount: number; pieces: Pieces }
type Filled = { piece: Piece; byteCount: number; roomBytes: number }

const isWhole = ({ byteCount }: Filled) => byteCount === pieceBytes
const bytesOf = ({ piece, byteCount }: Filled) => piece.subarray(0, byteCount)
const sumOf = (chunks: readonly Uint8Array[]) => chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)

/**
 * One batch is written while the next one gathers. A piece holds what belongs into one block of its size in the file, so that
 * whole ones can go past the page cache; the first and the last of a part share theirs with other parts, and go through it.
 */
function createPartWriter<File extends OpenFile>(
  file: File,
  startBytes: number,
  openDirect: OpenDirect<File>,
  shared: Shared,
): PartWriter {
  let position = startBytes
  let batch: Filled[] = []
  let gatheredBytes = 0
  let writing: Promise<void> = Promise.resolve()
  let opening: Promise<ClosableFile | null> | null = null
  let takesDirect = true
  let cachedBytes = 0
  let syncingAhead: Promise<void> | null = null
  let closing: Promise<void> | undefined
  shared.writerCount += 1

  const flush = async (withLast: boolean) => {
    await writing
    const last = batch.at(-1)
    const kept = !withLast && last !== undefined && last.roomBytes > 0 ? last : null
    const filled = kept === null ? batch : batch.slice(0, -1)
    if (filled.length === 0) return
    const byteCount = gatheredBytes - (kept?.byteCount ?? 0)
    writing = writeBatch(filled, position)
    // The next flush, or the close, hears of a failure; without this it would count as unhandled until then.
    writing.catch(() => undefined)
    position += byteCount
    gatheredBytes -= byteCount
    batch = kept === null ? [] : [kept]
  }
  const writeBatch = async (filled: readonly Filled[], at: number) => {
    try {
      const chunks = filled.map(bytesOf)
      const from = filled.findIndex(isWhole)
      const to = filled.findLastIndex(isWhole) + 1
      const direct = (to - from) * pieceBytes >= minDirectBytes && takesDirect ? await openedDirect() : null
      if (direct === null) return await writeCached(chunks, at)
      const [head, whole, tail] = [chunks.slice(0, from), chunks.slice(from, to), chunks.slice(to)]
      const wholeAt = at + sumOf(head)
      await writeCached(head, at)
      await writeDirect(direct, whole, wholeAt)
      await writeCached(tail, wholeAt + sumOf(whole))
    } finally {
      for (const { piece } of filled) shared.pieces.giveBack(piece)
    }
  }
  const openedDirect = () => {
    opening ??= openDirect(file)
    return opening
  }
  const writeDirect = async (direct: ClosableFile, chunks: readonly Uint8Array[], at: number) => {
    try {
      await writeFully(direct, chunks, at)
    } catch (error) {
      if (!isErrno(error, 'EINVAL')) throw error
      takesDirect = false // a file system with blocks of another kind
      await writeCached(chunks, at)
    }
  }
  const writeCached = async (chunks: readonly Uint8Array[], at: number) => {
    await writeFully(file, chunks, at)
    cachedBytes += sumOf(chunks)
    if (cachedBytes >= syncAheadBytes) syncAhead()
  }
  /** The system tells of bytes that could not be written once only: a failure here has to fail the part. */
  const syncAhead = () => {
    if (syncingAhead !== null || shared.syncsAheadCount >= maxSyncsAhead) return
    cachedBytes = 0
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
    write(chunk) {
      for (let at = 0; at < chunk.byteLength; ) {
        const last = batch.at(-1)
        const filling = last !== undefined && last.roomBytes > 0 ? last : begin()
        const taken = chunk.subarray(at, at + filling.roomBytes)
        filling.piece.set(taken, filling.byteCount)
        filling.byteCount += taken.byteLength
        filling.roomBytes -= taken.byteLength
        gatheredBytes += taken.byteLength
        at += taken.byteLength
      }
      return gatheredBytes >= batchBytesOf(shared.writerCount) ? flush(false) : undefined
    },
    async sync() {
      await flush(true)
      await writing
      await syncingAhead
      await file.datasync()
    },
    close() {
      closing ??= Promise.allSettled([writing, syncingAhead]) // whoever wrote has heard of a failure
        .then(async () => {
          for (const { piece } of batch) shared.pieces.giveBack(piece)
          await (await opening)?.close()
        })
        .finally(() => file.close())
        .finally(() => {
          shared.writerCount -= 1
        })
      return closing
    },
  }

  function begin(): Filled {
    const roomBytes = pieceBytes - ((position + gatheredBytes) % pieceBytes)
    const filling = { piece: shared.pieces.take(), byteCount: 0, roomBytes }
    batch.push(filling)
    return filling
  }
}
