import { open } from 'node:fs/promises'
import type { StoredObject } from '../port.ts'
import { isErrno } from './errno.ts'

const readBytes = 512 * 1024

/** Opens a file of the tree for reading; null when there is none. */
export async function openStoredFile(path: string): Promise<StoredObject | null> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null
    throw error
  })
  if (file === null) return null
  const stats = await file.stat()
  if (!stats.isFile()) {
    await file.close()
    return null
  }
  return {
    sizeBytes: stats.size,
    fd: file.fd,
    async *read(start, end) {
      for (let at = start; at < end; ) {
        // A buffer of its own for each chunk: whoever reads may hold several.
        const buffer = Buffer.allocUnsafe(Math.min(readBytes, end - at))
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
        if (bytesRead === 0) return
        yield buffer.subarray(0, bytesRead)
        at += bytesRead
      }
    },
    close: () => file.close(),
  }
}
