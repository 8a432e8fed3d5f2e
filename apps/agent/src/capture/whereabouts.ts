import { lstat, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorCode } from '../agent-error.ts'
import type { FindWhereabouts, Whereabouts } from './capture-port.ts'
import { isNamedByDevice, readVolumeTable, type VolumeTable } from './volume-table.ts'

/** Tells a deleted file from one whose card, drive or share is not connected; see `Whereabouts`. */
export const findWhereabouts: FindWhereabouts = (...question) => lookTwice(() => readVolumeTable(null), ...question)

/** What was mounted is read before the file is looked for, and its volume may have gone between the two: then the second look knows. */
export async function lookTwice(
  readTable: () => Promise<VolumeTable>,
  ...question: Parameters<FindWhereabouts>
): Promise<Whereabouts> {
  const where = await whereaboutsIn(await readTable(), ...question)
  return where === 'deleted' ? whereaboutsIn(await readTable(), ...question) : where
}

export async function whereaboutsIn(
  table: VolumeTable,
  ...[path, identity, watchFolderPath]: Parameters<FindWhereabouts>
): Promise<Whereabouts> {
  const seen = await inodeAt(path)
  if (!table.isMounted(identity.volumeId)) return 'volumeAbsent'
  if (seen === 'unreadable') return 'there'
  if (seen === 'absent' && watchFolderPath !== null && !(await isDirectory(watchFolderPath))) return 'volumeAbsent'
  const parent = await nearestRealFolder(dirname(path))
  const volume = table.find(join(parent, basename(path)))
  // Of a card that is known by its reader alone nobody can say that it is in: another one may be, and then nothing was deleted.
  const isCertain = volume.id === identity.volumeId && (volume.keepsInodes || !isNamedByDevice(volume.id))
  if (seen === 'absent') return isCertain ? 'deleted' : 'volumeAbsent'
  if (volume.id !== identity.volumeId) return 'elsewhere'
  return identity.inodeIsStable && seen !== identity.inode ? 'elsewhere' : 'there'
}

async function inodeAt(path: string): Promise<string | 'absent' | 'unreadable'> {
  try {
    return String((await lstat(path, { bigint: true })).ino)
  } catch (error) {
    // A name can be looked up and yet the medium be broken or closed to us: then whoever opens it will say so.
    return isAbsence(error) ? 'absent' : 'unreadable'
  }
}

/** The real path of the folder, or of the first one above it that still exists. */
async function nearestRealFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder)
  } catch (error) {
    if (!isAbsence(error) || folder === dirname(folder)) return folder
    return nearestRealFolder(dirname(folder))
  }
}

async function isDirectory(path: string): Promise<boolean> {
  // Whatever the cause, a watch folder that cannot be looked at is as good as absent.
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** Whether an error says that nothing has this name, as opposed to: it could not be found out. */
export function isAbsence(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
