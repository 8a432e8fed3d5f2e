import { type FileHandle, link, open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { AssemblingAsset } from '@rushes/fleet'
import type { PublishOutcome } from '../port.ts'
import { copyBytes, createCopyBuffer } from './copy-bytes.ts'
import { isErrno } from './errno.ts'
import { haveMoved, joinParts, type MadeWhole } from './join-parts.ts'
import { apartName, dataName, gatheringFolder, partName, treeKey, uploadKeyOf } from './layout.ts'
import type { NameNumbers } from './name-numbers.ts'
import type { FolderSync } from './sync-folder.ts'

/** So often a folder may be gone when the file is to be linked into it. */
const maxTries = 10

export type Publishing = { root: string; folders: FolderSync; numbers: NameNumbers }

/**
 * Puts a whole clip into the tree that people see: the parts that lie apart are moved to their places, the file is cut to its
 * size, synced if that changed it, and then linked under its name, which never overwrites. Where parts lie in places that are not theirs, all
 * of them are copied into a file of their own first. The hidden name goes only once the database knows
 * the clip to be available, so after a crash the same file, told by its inode, is found under both.
 */
export async function publishFile(
  { root, folders, numbers }: Publishing,
  asset: AssemblingAsset,
  reserve: (key: string) => Promise<boolean>,
): Promise<PublishOutcome> {
  const made = haveMoved(asset) ? await joinParts({ root, folders }, asset) : await makeWhole(root, asset)
  if (made.kind === 'lost') return { kind: 'bytesLost', detail: made.detail }

  const wasReserved = asset.storeKey !== uploadKeyOf(asset.id)
  if (wasReserved && (await linkInto(root, made.path, asset.storeKey, folders)))
    return { kind: 'published', key: asset.storeKey }
  const plainKey = treeKey(asset, 1)
  for (let nth = 1; ; nth = numbers.next(plainKey)) {
    const key = treeKey(asset, nth)
    if (!(await reserve(key))) continue
    if (await linkInto(root, made.path, key, folders)) return { kind: 'published', key }
  }
}

/**
 * Every part at its place, and not a byte after the last one. Parts in place were synced before they were acknowledged; what is
 * moved or cut here is synced here.
 */
async function makeWhole(root: string, asset: AssemblingAsset): Promise<MadeWhole> {
  const path = join(root, gatheringFolder, dataName(asset.id))
  const lost = (detail: string): MadeWhole => ({ kind: 'lost', detail })
  const apart = asset.parts.filter((part) => part.apartXxh64 !== null)
  if (apart.length === 0 && (await sizeOf(path)) === asset.sizeBytes) return { kind: 'whole', path }
  const file = await openData(path)
  if (file === null) return lost('The file that gathered its parts is gone from the store')
  const buffer = createCopyBuffer()
  try {
    for (const { number, sizeBytes, offsetBytes, apartXxh64 } of apart) {
      const from = join(root, gatheringFolder, apartName(asset.id), partName(number, apartXxh64 ?? ''))
      if (!(await copyBytes({ path: from, startBytes: null, sizeBytes }, file, offsetBytes, buffer)))
        return lost(`The file that held part ${number} is gone or has another size than it had`)
    }
    const { size } = await file.stat()
    if (size < asset.sizeBytes)
      return lost(`The store holds ${size} of ${asset.sizeBytes} bytes that were acknowledged`)
    if (size > asset.sizeBytes) await file.truncate(asset.sizeBytes)
    await file.sync()
    return { kind: 'whole', path }
  } finally {
    await file.close()
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null
    throw error
  }
}

/** A clip whose parts all lie apart has no data file yet. */
async function openData(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r+')
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
  try {
    await stat(path.replace(/\.data$/, '.apart'))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null
    throw error
  }
  return open(path, 'wx+', 0o644)
}

/** The trash takes folders away that are empty, perhaps this one right after it was made. */
async function linkIntoFolder(path: string, target: string, folders: FolderSync): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await folders.make(dirname(target))
      return await link(path, target)
    } catch (error) {
      if (!isErrno(error, 'ENOENT') || tries >= maxTries) throw error
    }
}

/** Gives the file its name in the tree; false when another file has it. */
async function linkInto(root: string, path: string, key: string, folders: FolderSync): Promise<boolean> {
  const target = join(root, key)
  const folder = dirname(target)
  try {
    await linkIntoFolder(path, target, folders)
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error
    const [ours, theirs] = await Promise.all([stat(path), stat(target)])
    if (ours.ino !== theirs.ino || ours.dev !== theirs.dev) return false
  }
  await folders.sync(folder)
  return true
}
