import { constants, open, readlink, realpath } from 'node:fs/promises'
import { errorCode } from '../agent-error.ts'
import { digestHeadAndTail } from '../capture/head-tail-digest.ts'
import { isAtOrBelow } from '../capture/mount-table.ts'
import type { ExpectedSource, PartSource, SourceFailure, SourceStat } from './port.ts'

/** The file system as a part needs it; another one is given in tests of unreadable media. */
export type OpenFile = (path: string | Buffer) => Promise<OpenedFile>
export interface OpenedFile {
  stat(): Promise<{ isFile: boolean; sizeBytes: number; modifiedUs: number; inode: string }>
  /** Fills the beginning of `buffer` from `positionBytes` on and says with how many bytes; 0 at the end of the file. */
  read(buffer: Uint8Array, lengthBytes: number, positionBytes: number): Promise<number>
  /** Where a folder lies, without symbolic links. */
  realPathOf(folder: string): Promise<string>
  /** Where what was opened lies, without symbolic links; null where the system does not say. */
  realPath(): Promise<string | null>
  close(): Promise<void>
}

export const openOnDisk: OpenFile = async (path) => {
  // Somebody may have put something else in the file's place: to open a FIFO must not wait for a writer, and a link leads to who knows what.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  return {
    stat: async () => {
      const stat = await handle.stat({ bigint: true })
      return {
        isFile: stat.isFile(),
        sizeBytes: Number(stat.size),
        modifiedUs: Number(stat.mtimeNs / 1000n),
        inode: stat.ino.toString(),
      }
    },
    read: async (buffer, lengthBytes, positionBytes) =>
      (await handle.read(buffer, 0, lengthBytes, positionBytes)).bytesRead,
    realPathOf: (folder) => realpath(folder),
    realPath: () => readlink(`/proc/self/fd/${handle.fd}`).catch(() => null), // Linux alone tells
    close: () => handle.close(),
  }
}

/** Thrown inside the body of a part, where nothing can be returned; `transferPart` turns it back into an outcome. */
export class SourceProblemError extends Error {
  override readonly name = 'SourceProblemError'
  readonly code = 'SOURCE_PROBLEM'
  readonly hint = 'The file was changed, removed or cannot be read; see the failure.'
  readonly failure: SourceFailure

  constructor(failure: SourceFailure, cause?: unknown) {
    super(`The file cannot be sent: ${failure.problem}`, { cause })
    this.failure = failure
  }
}

export type OpenedSource = {
  /** Reads exactly `lengthBytes`; throws `SourceProblemError`. */
  readFully(buffer: Uint8Array, lengthBytes: number, positionBytes: number): Promise<void>
  /** Throws `SourceProblemError` when the file is not what it was expected to be. */
  verify(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the file behind a part and makes sure that it is the expected one, unless whoever opens it reads all before any of it leaves, and
 * verifies it then. Throws `SourceProblemError`.
 */
export async function openSource(openFile: OpenFile, part: PartSource, isVerifiedLater = false): Promise<OpenedSource> {
  const file = await openFile(part.path).catch((error: unknown) => {
    throw problemOf(error)
  })
  let { expected } = part
  const verify = async () => {
    const stat = await file.stat().catch((error: unknown) => {
      throw problemOf(error)
    })
    const problem = compare(part, expected, stat)
    if (problem !== null) throw new SourceProblemError({ kind: 'source', problem, code: '' })
    return stat
  }
  const readFully: OpenedSource['readFully'] = async (buffer, lengthBytes, positionBytes) => {
    let filledBytes = 0
    while (filledBytes < lengthBytes) {
      const target = buffer.subarray(filledBytes)
      const readBytes = await file
        .read(target, lengthBytes - filledBytes, positionBytes + filledBytes)
        .catch((error: unknown) => {
          throw problemOf(error)
        })
      if (readBytes === 0) throw new SourceProblemError({ kind: 'source', problem: 'truncated', code: '' })
      filledBytes += readBytes
    }
  }
  const close = () => file.close().catch(() => undefined) // it was open for reading only: nothing can be lost by it
  try {
    const isKnownByItsEnds = expected !== null && 'headTailDigest' in expected
    const stat = isVerifiedLater && !isKnownByItsEnds ? null : await verify()
    if (stat !== null && expected !== null && 'headTailDigest' in expected) {
      await compareEnds(expected, readFully)
      // From here on it is the file that was opened, and must stay so.
      expected = { sizeBytes: expected.sizeBytes, modifiedUs: stat.modifiedUs, inode: null }
    }
    if (part.watchFolder != null) await staysBelow(file, part.watchFolder)
  } catch (error) {
    await close()
    throw error
  }
  return {
    verify: async () => void (await verify()),
    close,
    readFully,
  }
}

/** Cards of one camera hold takes of one name, of one size where it cuts them so, and of one date where its clock does not run. */
async function compareEnds(
  { sizeBytes, headTailDigest }: { sizeBytes: number; headTailDigest: string },
  readFully: OpenedSource['readFully'],
): Promise<void> {
  const read = async (offset: number, length: number) => {
    const piece = Buffer.allocUnsafe(length)
    await readFully(piece, length, offset)
    return piece
  }
  if ((await digestHeadAndTail(read, sizeBytes)) !== headTailDigest)
    throw new SourceProblemError({ kind: 'source', problem: 'changed', code: '' })
}

/** A folder on the way to the file may have become a link since: what lies outside is nobody's clip, whatever the agent may read. */
async function staysBelow(file: OpenedFile, watchFolder: string): Promise<void> {
  const realFolder = await file.realPathOf(watchFolder).catch((error: unknown) => {
    throw problemOf(error)
  })
  const realPath = await file.realPath()
  if (realPath === null || isAtOrBelow(realPath, realFolder)) return
  throw new SourceProblemError({ kind: 'source', problem: 'notARegularFile', code: 'ELOOP' })
}

/** Another inode is another file, whatever its size; a shorter one has lost bytes; all else that differs was written to. */
function compare(
  part: PartSource,
  expected: ExpectedSource | null,
  stat: SourceStat & { isFile: boolean },
): SourceFailure['problem'] | null {
  if (!stat.isFile) return 'notARegularFile'
  if (expected?.inode != null && expected.inode !== stat.inode) return 'changed'
  if (stat.sizeBytes < (expected?.sizeBytes ?? part.offsetBytes + part.sizeBytes)) return 'truncated'
  if (expected === null || expected.sizeBytes === null) return null
  const isSameTime = expected.modifiedUs === null || expected.modifiedUs === stat.modifiedUs
  return isSameTime && expected.sizeBytes === stat.sizeBytes ? null : 'changed'
}

/** What an error of the file system says of the file. */
export function problemOf(error: unknown): SourceProblemError {
  if (error instanceof SourceProblemError) return error
  const code = errorCode(error)
  const problem =
    code === 'ENOENT' || code === 'ENOTDIR'
      ? 'missing'
      : code === 'ENXIO' || code === 'ELOOP'
        ? 'notARegularFile'
        : 'unreadable'
  return new SourceProblemError({ kind: 'source', problem, code }, error)
}
