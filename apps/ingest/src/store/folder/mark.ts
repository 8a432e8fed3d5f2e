import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from './errno.ts'
import { gatheringFolder } from './layout.ts'
import type { FolderSync } from './sync-folder.ts'

/** The mark of a store: an id in a file, which the database knows as well. */
export const markPath = (root: string) => join(root, gatheringFolder, 'store-id')

/** The id in the folder; null when it has none, as an empty folder where a volume should be mounted. */
export async function readMark(root: string): Promise<string | null> {
  try {
    const text = (await readFile(markPath(root), 'utf8')).trim()
    return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : null
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null
    throw error
  }
}

/** Marks a folder, durably. */
export async function writeMark(root: string, id: string, folders: FolderSync): Promise<void> {
  const path = markPath(root)
  const file = await open(`${path}.new`, 'w', 0o644)
  try {
    await file.writeFile(`${id}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  await folders.sync(join(root, gatheringFolder))
}
