import { randomFillSync } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../agent-error.ts'

/** Room on the disk that is given up when it is full, so that what is on its way can still be recorded. */
export type DiskReserve = {
  /** Gives the room back to the disk; false when there was none to give. */
  release(): boolean
  /** Takes it again; false when the disk has not enough. */
  restore(): boolean
  isTaken(): boolean
}

/** Enough to acknowledge every part on its way and to tell of it, thousands of times over. */
export const reserveBytes = 16 * 1024 * 1024
const pieceBytes = 1024 * 1024

/** The reserve of a state folder, taken at once if there is room. */
export function createDiskReserve(stateDir: string, sizeBytes = reserveBytes): DiskReserve {
  const path = join(stateDir, 'reserve')
  const isTaken = () => existsSync(path) && statSync(path).size >= sizeBytes
  const reserve: DiskReserve = {
    isTaken,
    release() {
      if (!existsSync(path)) return false
      rmSync(path, { force: true })
      return true
    },
    restore() {
      if (isTaken()) return true
      try {
        fill(path, sizeBytes)
        return true
      } catch (error) {
        rmSync(path, { force: true })
        if (isDiskFull(error)) return false
        throw error
      }
    },
  }
  reserve.restore()
  return reserve
}

/** Random bytes: some file systems keep zeros without taking room for them. */
function fill(path: string, sizeBytes: number): void {
  const file = openSync(path, 'w', 0o600)
  try {
    const piece = Buffer.allocUnsafe(pieceBytes)
    for (let written = 0; written < sizeBytes; )
      written += writeSync(file, randomFillSync(piece), 0, Math.min(pieceBytes, sizeBytes - written))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

const sqliteFull = 13
/** The shared index of the journal could not be given room. */
const sqliteShmSize = 4_874

/** Whether something failed for want of room on the disk. */
export function isDiskFull(error: unknown): boolean {
  if (error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')
    return (error.errcode & 0xff) === sqliteFull || error.errcode === sqliteShmSize
  const code = errorCode(error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}
