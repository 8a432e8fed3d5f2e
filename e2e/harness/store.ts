import { readdir } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { until } from './until.ts'
import type { World } from './world.ts'

/** Every file that a person sees in the object folder, hidden ones and those below hidden folders left out. */
export async function visibleFiles(world: World): Promise<string[]> {
  const root = join(world.instance.dataDir, 'objects')
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (path) =>
        !path
          .slice(root.length)
          .split(sep)
          .some((part) => part.startsWith('.')),
    )
}

/** The visible files of this name, once there is one. */
export const untilStored = (world: World, fileName: string): Promise<string[]> =>
  until(`${fileName} is stored`, async () => {
    const found = (await visibleFiles(world)).filter((path) => path.endsWith(`${sep}${fileName}`))
    return found.length > 0 && found
  })
