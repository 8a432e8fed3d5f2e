import { randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoredObject } from '../store/port.ts'
import { findMoov } from './find-moov.ts'

/** How much of an object that lies elsewhere is fetched: where formats keep their tables, and the first seconds. */
const headBytes = 48 * 1024 * 1024
const tailBytes = 16 * 1024 * 1024
/** Tables of MP4 and QuickTime that lie between: those of a clip of a day are smaller. */
const tablesBytes = 64 * 1024 * 1024

type Stretch = { start: number; end: number }

/**
 * Gives an open file of this machine that has the bytes of an object at their places. Of a large one that lies elsewhere it has
 * the beginning, the end, and the tables of MP4 and QuickTime alone, with holes between: never more than 128 MiB are fetched or
 * kept. The file has no name any more, so nothing of it outlives the process.
 */
export async function withSeekableFile<T>(
  object: StoredObject,
  signal: AbortSignal,
  work: (fd: number) => Promise<T>,
  bounds = { headBytes, tailBytes, tablesBytes },
): Promise<T> {
  if (object.fd !== undefined) return work(object.fd)
  const path = join(tmpdir(), `rushes-media-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  try {
    await unlink(path)
    await file.truncate(object.sizeBytes)
    const head = { start: 0, end: Math.min(object.sizeBytes, bounds.headBytes) }
    const tail = { start: Math.max(head.end, object.sizeBytes - bounds.tailBytes), end: object.sizeBytes }
    await fetchInto(file, object, head, signal)
    await fetchInto(file, object, tail, signal)
    const tables = signal.aborted ? null : await findTables(file, object, head.end, tail.start)
    if (tables !== null && tables.end - tables.start <= bounds.tablesBytes)
      await fetchInto(file, object, tables, signal)
    return await work(file.fd)
  } finally {
    await file.close()
  }
}

/** What of the tables lies in the hole; null when nothing does. */
async function findTables(
  file: FileHandle,
  object: StoredObject,
  holeStart: number,
  holeEnd: number,
): Promise<Stretch | null> {
  if (holeStart >= holeEnd) return null
  const moov = await findMoov(object.sizeBytes, async (start, byteCount) => {
    if (start + byteCount > holeStart && start < holeEnd) return readFar(object, start, byteCount)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(byteCount), 0, byteCount, start)
    return buffer.subarray(0, bytesRead)
  })
  if (moov === null) return null
  const tables = { start: Math.max(moov.start, holeStart), end: Math.min(moov.end, holeEnd) }
  return tables.start < tables.end ? tables : null
}

async function readFar(object: StoredObject, start: number, byteCount: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of object.read(start, start + byteCount)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function fetchInto(file: FileHandle, object: StoredObject, stretch: Stretch, signal: AbortSignal): Promise<void> {
  let at = stretch.start
  for await (const chunk of object.read(stretch.start, stretch.end)) {
    if (signal.aborted) return // whoever works on it sees the signal too
    await file.write(chunk, 0, chunk.byteLength, at)
    at += chunk.byteLength
  }
}
