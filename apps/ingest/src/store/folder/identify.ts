import { randomUUID } from 'node:crypto'
import { StartError } from '../../start-error.ts'
import { markPath, readMark, writeMark } from './mark.ts'
import type { FolderSync } from './sync-folder.ts'

/** What the database knows of stores. */
export type StoreRegister = {
  /** The id of the store that the database tells of; null before the first one. */
  find(): Promise<string | null>
  /** Notes this id if none is known; returns the one that is known then. */
  know(id: string): Promise<string>
}

/**
 * Makes sure that the folder is the store that the database tells of, and marks it at its first use. Without this, a folder on
 * a volume that was not mounted would look like a store that lost everything, and every open upload would be given up.
 *
 * @returns the id of the store
 * @throws StartError `storeIsAnother`
 */
export async function identifyStore(root: string, folders: FolderSync, register: StoreRegister): Promise<string> {
  const mark = await readMark(root)
  const known = await register.find()
  if (known === null && mark !== null) return confirm(root, mark, await register.know(mark))
  if (known !== null) return confirm(root, mark, known)
  // The folder first: after a crash in between the mark is there, and is taken up at the next start.
  const made = randomUUID()
  await writeMark(root, made, folders)
  const first = await register.know(made)
  if (first !== made) await writeMark(root, first, folders) // another program was quicker, on this folder
  return first
}

function confirm(root: string, mark: string | null, known: string): string {
  if (mark === known) return known
  throw new StartError(
    'storeIsAnother',
    `the folder of OBJECT_STORE_URL ${mark === null ? 'has no mark' : `is marked ${mark}`}, but the database tells of the store ${known}`,
    `Mount its volume, or correct OBJECT_STORE_URL. If it is that store, moved or restored without its hidden folder: echo ${known} > '${markPath(root)}'`,
  )
}
