import { openOnDisk, SourceProblemError } from '../destination/part-source.ts'

/** Up to `lengthBytes` from a place on; less where the file ends before that. */
export type ReadPlace = (offsetBytes: number, lengthBytes: number) => Promise<Buffer>

/**
 * Opens a file to look at some places of it, as carefully as one that is sent: something else may have been put in its place. Throws
 * `SourceProblemError` when that is no file, and what the file system says.
 */
export async function readPlaces<T>(path: string, look: (read: ReadPlace) => Promise<T>): Promise<T> {
  const file = await openOnDisk(path)
  try {
    if (!(await file.stat()).isFile)
      throw new SourceProblemError({ kind: 'source', problem: 'notARegularFile', code: '' })
    return await look(async (offsetBytes, lengthBytes) => {
      const buffer = Buffer.alloc(lengthBytes)
      let filled = 0
      while (filled < lengthBytes) {
        const readBytes = await file.read(buffer.subarray(filled), lengthBytes - filled, offsetBytes + filled)
        if (readBytes === 0) break
        filled += readBytes
      }
      return buffer.subarray(0, filled)
    })
  } finally {
    await file.close()
  }
}
