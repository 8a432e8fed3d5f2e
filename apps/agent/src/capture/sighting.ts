import { lstat, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, errorMessage } from '../agent-error.ts'
import type { RefusedFile } from './capture-port.ts'
import type { DirectoryLook, FileLook } from './file-identity.ts'
import { type LeaveOutRules, type LeftOut, whyLeftOut } from './leave-out.ts'
import { isAtOrBelow } from './mount-table.ts'
import { fitsSystem } from './shown-name.ts'
import { isAbsence } from './whereabouts.ts'

/** What lies under a name below a watch folder. */
export type Sighting = { path: string } & (
  | { kind: 'file'; look: FileLook }
  | { kind: 'directory'; look: DirectoryLook }
  | { kind: 'leftOut'; why: LeftOut | 'links'; look: FileLook }
  | { kind: 'refused'; reason: RefusedFile['reason']; look: FileLook }
  | { kind: 'absent' }
  | { kind: 'unreadable'; error: { code: string; message: string } }
)

/** Looks at one name; opens nothing. `realRoot` has no symbolic links, `path` is below it. */
export async function lookAt(realRoot: string, path: string, rules: LeaveOutRules): Promise<Sighting> {
  const absolute = join(realRoot, path)
  if (!fitsSystem(absolute)) return { path, kind: 'refused', reason: 'unusableName', look: noLook }
  try {
    const stat = await lstat(absolute, { bigint: true })
    const { size, mtimeNs, ino, dev, birthtimeNs } = stat
    const look = { sizeBytes: Number(size), mtimeNs, inode: ino, device: dev, birthtimeNs }
    const why = whyLeftOut(path, stat.isDirectory() ? 'directory' : 'file', rules)
    if (why !== null) return { path, kind: 'leftOut', why, look }
    if (stat.isFile()) return { path, kind: 'file', look }
    if (stat.isDirectory()) return { path, kind: 'directory', look }
    if (!stat.isSymbolicLink()) return { path, kind: 'refused', reason: 'notARegularFile', look }
    // A link within the folder is a second name of what is picked up anyway; one to nothing names nothing.
    const target = await realpath(absolute).catch(() => null)
    if (target === null || isAtOrBelow(target, realRoot)) return { path, kind: 'leftOut', why: 'links', look }
    return { path, kind: 'refused', reason: 'outsideWatchFolder', look: { ...look, sizeBytes: 0 } }
  } catch (error) {
    if (isAbsence(error)) return { path, kind: 'absent' }
    return { path, kind: 'unreadable', error: { code: errorCode(error), message: errorMessage(error) } }
  }
}

export const noLook: FileLook = { sizeBytes: 0, mtimeNs: 0n, inode: 0n, device: 0n }
