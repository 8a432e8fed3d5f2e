import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, realpathSync } from 'node:fs'
import type { OpenedFile, OpenFile } from './part-source.ts'

/**
 * As `openOnDisk`, but waits for the system within the call. Only for a thread that may hang: of a file that is in memory that takes a third of the
 * processor time, since no other thread has to be woken for each of these steps. All of a call is done when it returns.
 */
export const openAtOnce: OpenFile = async (path) => {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  return {
    async stat() {
      const stat = fstatSync(descriptor, { bigint: true })
      return {
        isFile: stat.isFile(),
        sizeBytes: Number(stat.size),
        modifiedUs: Number(stat.mtimeNs / 1000n),
        inode: stat.ino.toString(),
      }
    },
    read: async (buffer, lengthBytes, positionBytes) => readSync(descriptor, buffer, 0, lengthBytes, positionBytes),
    realPathOf: async (folder) => realpathSync.native(folder),
    async realPath() {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`)
      } catch {
        return null // Linux alone tells
      }
    },
    close: async () => closeSync(descriptor),
  } satisfies OpenedFile
}
