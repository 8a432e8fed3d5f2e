import { rmdir, unlink } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { isErrno } from './errno.ts'
import type { FolderSync } from './sync-folder.ts'

/** Somebody else's files are in it, or it cannot be taken away: then it stays, which does no harm. */
const stays = ['ENOTEMPTY', 'EEXIST', 'EBUSY', 'EPERM', 'EACCES', 'EROFS', 'ENOTDIR']

/**
 * Takes a file of the store away, durably, and of the tree that people see the folders that are empty without it: those of its day
 * and device, not that of the project. Who publishes into one of them at this moment makes it again.
 */
export async function removeFile({ root, folders }: { root: string; folders: FolderSync }, key: string): Promise<void> {
  const path = join(root, key)
  await unlink(path).catch(ignoreAbsent)
  // Also when it was gone already: a crash may have come between the two.
  await folders.sync(dirname(path)).catch(ignoreAbsent)
  for (let folder = dirname(key); isBelowProject(folder); folder = dirname(folder)) {
    try {
      await rmdir(join(root, folder))
    } catch (error) {
      if (isErrno(error, ...stays)) return
      ignoreAbsent(error)
    }
    await folders.sync(dirname(join(root, folder))).catch(ignoreAbsent)
  }
}

const isBelowProject = (folder: string) => !folder.startsWith('.') && folder.includes(sep)

function ignoreAbsent(error: unknown): void {
  if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error
}
