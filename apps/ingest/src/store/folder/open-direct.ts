import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/**
 * Opens an open file once more, so that what is written through the new handle goes past the page cache. Null where that cannot be
 * had: on other systems than Linux, and on file systems that do not know it. Through the old handle, and not by a name, it is
 * the same file whatever was renamed or removed meanwhile.
 */
export async function openDirect(file: FileHandle): Promise<FileHandle | null> {
  const { O_DIRECT } = constants
  if (O_DIRECT === undefined) return null
  try {
    return await open(`/proc/self/fd/${file.fd}`, constants.O_WRONLY | O_DIRECT)
  } catch {
    return null // whatever the reason: what has to be written can be written as it is
  }
}
