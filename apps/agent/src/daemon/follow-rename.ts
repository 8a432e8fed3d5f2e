import { lstatSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { GrowingFile } from '../capture/capture-port.ts'
import { temporaryNamesOf } from '../capture/temporary-name.ts'
import { findGrowth, growingInode } from '../queue/growths.ts'
import { findByPath, renameGrowing } from '../queue/known-files.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'

/** The upload of a file that is sent while it grows, which goes with it when its recorder renames it; null when none of it is sent. */
export function followRename(queue: Queue, file: GrowingFile): StoredUpload | null {
  const known = file.inodeIsStable ? growingInode(queue, file.volumeId, file.inode) : growingTemporary(queue, file)
  // A second name of a file that is still there under its first one is no other file.
  if (known === null || known.source.path === file.path || isStillThere(known)) return known
  renameGrowing(queue, known, file.path, file.watchFolder.path)
  return findByPath(queue, file.path)
}

/**
 * Some recorders give a take its name when it ends and begin the next one at once under the name that it had. What is sent of the first goes on
 * under its new name, which is looked for beside the old one. True when the path is free for the other take.
 */
export function makeWay(
  queue: Queue,
  upload: StoredUpload,
  other: Pick<GrowingFile, 'inode' | 'inodeIsStable'>,
): boolean {
  const { path, inode, inodeIsStable, watchFolder, sizeBytes } = upload.source
  if (!inodeIsStable || !other.inodeIsStable || inode === other.inode) return false
  const folder = dirname(path)
  const found = namesIn(folder)
    .map((name) => join(folder, name))
    .find((beside) => {
      const stat = lookAt(beside)
      // File systems give the inode of a deleted file to the next one; that begins anew.
      return stat !== null && String(stat.ino) === inode && Number(stat.size) >= sizeBytes
    })
  if (found === undefined || watchFolder === null) return false
  renameGrowing(queue, upload, found, watchFolder)
  return true
}

/** Where inodes do not last, by the name: a file that was `A001.mov.part` until now and has lost nothing. */
function growingTemporary(queue: Queue, file: GrowingFile): StoredUpload | null {
  for (const path of temporaryNamesOf(file.path)) {
    const upload = findByPath(queue, path)
    const growth = upload === null ? null : findGrowth(queue, upload.id)
    if (upload === null || growth === null || growth.phase === 'sent') continue
    const { source } = upload
    if (source.volumeId === file.volumeId && file.sizeBytes >= source.sizeBytes) return upload
  }
  return null
}

function isStillThere({ source }: StoredUpload): boolean {
  const stat = lookAt(source.path)
  return stat !== null && (!source.inodeIsStable || String(stat.ino) === source.inode)
}

function lookAt(path: string) {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
  } catch {
    return null // what cannot be looked at is not there for us: capture meets it, and says so
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
