/** What a file is asked for here. */
export type WritableFile = {
  writev(chunks: readonly Uint8Array[], position: number): Promise<{ bytesWritten: number }>
}

/** Writes all of the chunks from a position on; a single call to the system may write less. */
export async function writeFully(file: WritableFile, chunks: readonly Uint8Array[], position: number): Promise<void> {
  let rest: readonly Uint8Array[] = chunks
  let at = position
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, at)
    at += bytesWritten
    rest = after(rest, bytesWritten)
  }
}

function after(chunks: readonly Uint8Array[], byteCount: number): Uint8Array[] {
  let skip = byteCount
  const rest: Uint8Array[] = []
  for (const chunk of chunks) {
    if (skip >= chunk.byteLength) {
      skip -= chunk.byteLength
      continue
    }
    rest.push(skip === 0 ? chunk : chunk.subarray(skip))
    skip = 0
  }
  return rest
}
