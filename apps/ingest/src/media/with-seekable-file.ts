import { randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoredObject } from '../store/port.ts'

/** How much of an object that lies elsewhere is fetched: where formats keep their tables, and the first seconds. */
const headBytes = 48 * 1024 * 1024
const tailBytes = 16 * 1024 * 1024

/**
 * Gives an open file of this machine that has the bytes of an object at their places. Of a large one that lies elsewhere it has
 * the beginning and the end alone, with a hole between: never more than 64 MiB are fetched or kept. The file has no name any
 * more, so nothing of it outlives the process.
 */
export async function withSeekableFile<T>(
  object: StoredObject,
  signal: AbortSignal,
  work: (fd: number) => Promise<T>,
  bounds = { headBytes, tailBytes },
): Promise<T> {
  if (object.fd !== undefined) return work(object.fd)
  const path = join(tmpdir(), `rushes-media-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  try {
    await unlink(path)
    await file.truncate(object.sizeBytes)
    const head = Math.min(object.sizeBytes, bounds.headBytes)
    await fetchInto(file, object, { start: 0, end: head }, signal)
    await fetchInto(
      file,
      object,
      { start: Math.max(head, object.sizeBytes - bounds.tailBytes), end: object.sizeBytes },
      signal,
    )
    return await work(file.fd)
  } finally {
    await file.close()
  }
}

async function fetchInto(
  file: FileHandle,
  object: StoredObject,
  stretch: { start: number; end: number },
  signal: AbortSignal,
): Promise<void> {
  let at = stretch.start
  for await (const chunk of object.read(stretch.start, stretch.end)) {
    if (signal.aborted) return // whoever works on it sees the signal too
    await file.write(chunk, 0, chunk.byteLength, at)
    at += chunk.byteLength
  }
}
