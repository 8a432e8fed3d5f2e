import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { type FileHandle, lchown, lstat, mkdir, open, rename, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { AgentError, errorCode } from '../agent-error.ts'
import { ampleBytes } from '../daemon/guard-disk.ts'
import { isDiskFull } from '../queue/disk-reserve.ts'
import { type StateLock, takeStateLock } from '../queue/state-dir.ts'
import { clipFolderOf, noteOf, openSuffix, type PipeNote, spoolOf } from './spool-folder.ts'

export type SpoolOptions = {
  stateDir: string
  /** As `checkClipName` lets it pass. */
  name: string
  note: PipeNote
  signal: AbortSignal
  onReceived(byteCount: number): void
}

/** A whole clip in the spool. It belongs to the agent, which takes up what has no row yet, as soon as it is released. */
export type SpooledInput = { id: string; release(): void }

/** Room is looked for anew after as much; more is left over than this. */
const lookEveryBytes = ampleBytes / 4

/**
 * Writes what comes through a pipe to the spool, durably, under its name only once it is whole. Rejects with `PIPE_NOT_TAKEN` when nothing
 * comes, the disk has no room or the signal aborts; nothing is left behind then, nor when the process ends in between other than by being killed.
 */
export async function spoolInput(input: Readable, options: SpoolOptions): Promise<SpooledInput> {
  const { stateDir, name, note, signal } = options
  const spool = spoolOf(stateDir)
  const id = randomUUID()
  const folder = join(spool, id)
  const remove = () => rmSync(folder, { recursive: true, force: true })
  let lock: StateLock | null = null
  process.once('exit', remove)
  try {
    const own = await ownerOf(stateDir)
    await makeFolder(spool, own, true)
    await makeFolder(folder, own)
    lock = takeStateLock(folder)
    await makeFolder(clipFolderOf(folder), own)
    await own(join(folder, 'lock'))
    await write(noteOf(folder), own, (file) => file.writeFile(JSON.stringify(note)))
    for (const changed of [stateDir, spool, folder]) await syncFolder(changed)
    const path = join(clipFolderOf(folder), name)
    await write(path + openSuffix, own, (file) => copy(input, file, options))
    await rename(path + openSuffix, path)
    await syncFolder(dirname(path))
    const release = () => {
      lock?.release()
      lock = null
    }
    return { id, release }
  } catch (error) {
    remove()
    lock?.release()
    if (signal.aborted)
      throw notTaken(
        'it was interrupted',
        'To end a clip, end what writes it: the end of its pipe is the end of the clip.',
      )
    if (isDiskFull(error)) throw noRoom(stateDir)
    if (error instanceof AgentError) throw error
    throw notTaken(`it could not be read or written (${errorCode(error)})`, 'Nothing of it is kept.', error)
  } finally {
    process.off('exit', remove)
  }
}

async function copy(input: Readable, file: FileHandle, { stateDir, signal, onReceived }: SpoolOptions): Promise<void> {
  let byteCount = 0
  let lookAt = 0
  for await (const chunk of addAbortSignal(signal, input)) {
    if (byteCount >= lookAt) {
      if (await isScarce(stateDir)) throw noRoom(stateDir)
      lookAt = byteCount + lookEveryBytes
    }
    // Writes all of it, however much a single call takes.
    await file.appendFile(chunk)
    byteCount += chunk.length
    onReceived(byteCount)
  }
  if (byteCount === 0) throw notTaken('nothing came through it', 'See what its writer says.')
}

const isScarce = (stateDir: string): Promise<boolean> =>
  statfs(stateDir).then(({ bavail, bsize }) => bavail * bsize < ampleBytes)

const notTaken = (why: string, hint: string, cause?: unknown): AgentError =>
  new AgentError('PIPE_NOT_TAKEN', `the pipe was not taken: ${why}`, hint, cause)
const noRoom = (stateDir: string): AgentError =>
  notTaken(
    `the disk of ${stateDir} has no room for it`,
    'Nothing of it is kept. Make room, or pipe it to a file on another disk and add that.',
  )

/** What the superuser makes belongs to the agent, whose folder it is. */
async function ownerOf(stateDir: string): Promise<(path: string) => Promise<void>> {
  const { uid, gid } = await lstat(stateDir)
  return async (path) => {
    if (process.getuid?.() === 0 && uid !== 0) await lchown(path, uid, gid)
  }
}

async function makeFolder(path: string, own: (path: string) => Promise<void>, mayExist = false): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
    await own(path)
  } catch (error) {
    // A link in its place would lead out of the state folder.
    if (!mayExist || !(await lstat(path)).isDirectory()) throw error
  }
}

async function write(
  path: string,
  own: (path: string) => Promise<void>,
  fill: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await own(path)
    await fill(file)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
