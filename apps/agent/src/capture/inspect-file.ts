import { constants, type FileHandle, open } from 'node:fs/promises'
import { errorCode, errorMessage } from '../agent-error.ts'
import { type ReadAt, readEmbeddedCreationTime } from './embedded-creation-time.ts'
import { bornAtOf, type FileLook } from './file-identity.ts'
import { digestEnds, readEnds, readingBeside } from './head-tail-digest.ts'
import { isAbsence } from './whereabouts.ts'

export type Inspection =
  | { kind: 'read'; headTailDigest: string; embeddedCreationAt: number | null; birthtime: number | null }
  /** It is not the file that was looked at before, or it changed under our hands. */
  | { kind: 'changed' }
  | { kind: 'absent' }
  | { kind: 'unreadable'; error: { code: string; message: string } }

/** Opens a file that has come to rest, once, and reads what its identity and capture time need. */
export async function inspectFile(path: string, expected: FileLook): Promise<Inspection> {
  let file: FileHandle | null = null
  try {
    // A link or a pipe that took the file's place meanwhile must be neither followed nor waited for.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const [contents] = await Promise.allSettled([readContents(reader(file), expected.sizeBytes)])
    // Afterwards: what was read, and what could not be, was of the file that was looked at, or of none.
    const stat = await file.stat({ bigint: true })
    if (!stat.isFile() || !isAsExpected(stat, expected)) return { kind: 'changed' }
    if (contents.status === 'rejected') throw contents.reason
    return { kind: 'read', ...contents.value, birthtime: bornAtOf(stat) }
  } catch (error) {
    if (isAbsence(error)) return { kind: 'absent' }
    if (errorCode(error) === 'ELOOP') return { kind: 'changed' }
    return { kind: 'unreadable', error: { code: errorCode(error), message: errorMessage(error) } }
  } finally {
    await file?.close()
  }
}

async function readContents(read: ReadAt, sizeBytes: number) {
  const ends = await readEnds(read, sizeBytes)
  const embeddedCreationAt = await readEmbeddedCreationTime(readingBeside(ends, read), sizeBytes)
  return { headTailDigest: digestEnds(ends, sizeBytes), embeddedCreationAt }
}

type Stat = { size: bigint; mtimeNs: bigint; ino: bigint; dev: bigint }
function isAsExpected(stat: Stat, expected: FileLook): boolean {
  return (
    Number(stat.size) === expected.sizeBytes &&
    stat.mtimeNs === expected.mtimeNs &&
    stat.ino === expected.inode &&
    stat.dev === expected.device
  )
}

/** Reads until the length is there or the file ends: a single read may return less. */
function reader(file: FileHandle): ReadAt {
  return async (offset, length) => {
    const buffer = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.subarray(0, filled)
  }
}
