import { constants, type FileHandle, open } from 'node:fs/promises'
import { errorCode, errorMessage } from '../agent-error.ts'
import { type ReadAt, readEmbeddedCreationTime } from './embedded-creation-time.ts'
import { bornAtOf, type FileLook } from './file-identity.ts'
import { digestHeadAndTail } from './head-tail-digest.ts'
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
    const before = await file.stat({ bigint: true })
    if (!before.isFile() || !isAsExpected(before, expected)) return { kind: 'changed' }
    const read = rememberingEnds(reader(file))
    const headTailDigest = await digestHeadAndTail(read, expected.sizeBytes)
    const embeddedCreationAt = await readEmbeddedCreationTime(read, expected.sizeBytes)
    if (!isAsExpected(await file.stat({ bigint: true }), expected)) return { kind: 'changed' }
    return { kind: 'read', headTailDigest, embeddedCreationAt, birthtime: bornAtOf(before) }
  } catch (error) {
    if (isAbsence(error)) return { kind: 'absent' }
    if (errorCode(error) === 'ELOOP') return { kind: 'changed' }
    return { kind: 'unreadable', error: { code: errorCode(error), message: errorMessage(error) } }
  } finally {
    await file?.close()
  }
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
    const buffer = Buffer.alloc(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.subarray(0, filled)
  }
}

/** Keeps the two pieces that are read first, which are the ends of all but the smallest files, and answers from them what lies within. */
function rememberingEnds(read: ReadAt): ReadAt {
  const kept: { from: number; bytes: Buffer }[] = []
  return async (offset, length) => {
    const known = kept.find(({ from, bytes }) => offset >= from && offset + length <= from + bytes.length)
    if (known !== undefined) return known.bytes.subarray(offset - known.from, offset - known.from + length)
    const bytes = await read(offset, length)
    if (kept.length < 2) kept.push({ from: offset, bytes })
    return bytes
  }
}
