import { readdir, readFile, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { z } from 'zod'
import { errorCode } from '../agent-error.ts'

/**
 * What came through a pipe is kept in the state folder until it is home: in `spool/<id>/` lie `clip/NAME` (`NAME.part` until it is whole), `pipe.json`
 * with what else is to be known of it, and `lock`, which the command that fills it holds until the clip is in the queue.
 */
export const spoolOf = (stateDir: string): string => join(stateDir, 'spool')
export const clipFolderOf = (folder: string): string => join(folder, 'clip')
export const noteOf = (folder: string): string => join(folder, 'pipe.json')

/** Of a clip that is not whole yet. No clip can be called so: names that are temporary are refused. */
export const openSuffix = '.part'

/** Whether a file is the only copy of what came through a pipe. */
export const isSpooled = (stateDir: string, path: string): boolean => path.startsWith(spoolOf(stateDir) + sep)

const pipeNote = z.object({
  channel: z.int().min(0),
  began: z.object({
    at: z.int().min(0),
    inBoot: z.object({ bootId: z.string(), uptimeMs: z.int().min(0) }).nullable(),
  }),
})
/** Where a pipe goes, and when it began. */
export type PipeNote = z.infer<typeof pipeNote>

export type Spooled =
  | { kind: 'whole'; path: string; note: PipeNote }
  | { kind: 'open'; path: string; modifiedAt: number }
  | { kind: 'empty'; modifiedAt: number }

/** The ids of all that lies in the spool; none where there is no spool. */
export async function spooledIds(stateDir: string): Promise<string[]> {
  return (await namesIn(spoolOf(stateDir))).filter((name) => z.uuid().safeParse(name).success)
}

/** What lies in one folder of the spool. Rejects with what the file system says, but not of what is absent. */
export async function readSpooled(folder: string): Promise<Spooled> {
  const names = await namesIn(clipFolderOf(folder))
  const path = join(clipFolderOf(folder), names[0] ?? '')
  if (names.length === 0) return { kind: 'empty', modifiedAt: await modifiedAt(folder) }
  if (path.endsWith(openSuffix)) return { kind: 'open', path, modifiedAt: await modifiedAt(path) }
  return { kind: 'whole', path, note: await readNote(folder, path) }
}

/** The note was durable before the first byte of the clip. Should it be lost all the same, the clip is not: its file tells when it began. */
async function readNote(folder: string, path: string): Promise<PipeNote> {
  const text = await readFile(noteOf(folder), 'utf8').catch(unlessAbsent(''))
  const note = pipeNote.safeParse(parsed(text))
  if (note.success) return note.data
  const { birthtimeMs, mtimeMs } = await stat(path)
  return { channel: 0, began: { at: Math.floor(birthtimeMs > 0 ? birthtimeMs : mtimeMs), inBoot: null } }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // as good as no note
  }
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(unlessAbsent<string[]>([]))
const modifiedAt = (path: string): Promise<number> => stat(path).then(({ mtimeMs }) => mtimeMs)

/** What is not there is as good as empty; that it cannot be read is another matter. */
const unlessAbsent =
  <T>(nothing: T) =>
  (error: unknown): T => {
    if (errorCode(error) === 'ENOENT') return nothing
    throw error
  }
