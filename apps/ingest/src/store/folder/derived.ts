import { open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FolderSync } from './sync-folder.ts'

/** Hidden, like the folder of uploads. */
const derivedFolder = '.rushes-derived'

/** A folder for each beginning of an id, so that none of them grows without end. */
export const derivedKeyOf = (assetId: string, name: string): string =>
  join(derivedFolder, assetId.slice(0, 2), `${assetId}.${name}`)

/** Keeps a small object in the folder. Half of one never has its name; what a crash left is written over by the next try. */
export async function putDerivedFile(
  { root, folders }: { root: string; folders: FolderSync },
  key: string,
  bytes: Uint8Array,
): Promise<void> {
  const path = join(root, key)
  await folders.make(dirname(path))
  const file = await open(`${path}.part`, 'w')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.part`, path)
  await folders.sync(dirname(path))
}
