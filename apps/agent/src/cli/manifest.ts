import { hostname } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { historyFolder, isManifestPath, manifestFileName, writeManifest } from '@rushes/asc-mhl'
import { appendGeneration, HistoryError, readHistory } from '@rushes/mhl-folder'
import { AgentError } from '../agent-error.ts'
import type { ClipBelow } from '../local-api/clip-schemas.ts'
import type { Operations } from '../local-api/operations.ts'
import { agentVersion } from '../version.ts'
import { type ManifestTally, manifestFiles, nothingTallied } from './manifest-files.ts'
import { type Output, shownBytes, shownText } from './output.ts'

const pageSize = 500
/** A manifest travels with the clips, whoever carries them. */
const umaskOfManifests = 0o022

/** Writes the next generation of a folder's ASC MHL history. Fails, once it is written, when a file is not as it was sent or listed. */
export async function manifest(
  operations: Operations,
  dir: string,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const folder = resolve(dir)
  const history = await readHistory(folder).catch(refuse)
  const clips = clipsOf(operations, folder)
  const first = await clips.next()
  if (first.done === true) throw nothingHeld(folder)
  const tally = nothingTallied()
  const createdAt = new Date()
  const head = {
    createdAt,
    hostname: hostname(),
    tool: { name: 'rushes-agent', version: agentVersion },
    comment: null,
    process: 'in-place',
    ignored: ['.DS_Store', historyFolder, `${historyFolder}/`],
  } as const
  const onRead = (path: string, sizeBytes: number) => output.json || tellReading(path, sizeBytes)
  const listed = manifestFiles(
    { folder, clips: all(first.value, clips), history: history.xxh64ByPath, now: Date.now, onRead, signal },
    tally,
  )
  const notes = () => ({ namespace: 'urn:rushes:manifest:1', values: notesOf(tally) })
  process.umask(umaskOfManifests)
  const fileName = manifestFileName(history.generations.length + 1, nameOf(folder), createdAt)
  const written = await appendGeneration(history, { fileName, text: writeManifest(head, listed, notes) }).catch(refuse)
  const path = join(history.dir, written.fileName)
  output.print({ path, generation: written.number, c4: written.c4, ...tally }, () => text(path, written.number, tally))
  if (tally.differing.length + tally.unreadable.length > 0)
    throw new AgentError(
      'SERVER_REFUSED',
      'not every file is as it was',
      'See the lines above; the manifest names them too.',
    )
}

async function* clipsOf(operations: Operations, folder: string): AsyncGenerator<ClipBelow> {
  for (let afterPath: string | null = null; ; ) {
    const page: ClipBelow[] = await operations.below({ folder, afterPath, limit: pageSize })
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return
    afterPath = last.path
  }
}

async function* all(first: ClipBelow, rest: AsyncGenerator<ClipBelow>): AsyncGenerator<ClipBelow> {
  yield first
  yield* rest
}

const nothingHeld = (folder: string) =>
  new AgentError(
    'SERVER_REFUSED',
    `the queue has no clip below ${shownText(folder)}`,
    'Name a watch folder or a folder below one; rushes-agent list shows where the clips lie.',
  )

/** The name of the folder where it can be one of a manifest; the root of a disk has none. */
function nameOf(folder: string): string {
  const name = basename(folder)
  return isManifestPath(name) && !/[\\/:*?"<>|]/.test(name) ? name : 'clips'
}

const tellReading = (path: string, sizeBytes: number) =>
  process.stderr.write(`reading ${shownBytes(sizeBytes)}  ${shownText(path)}\n`)

const notesOf = ({ counts }: ManifestTally) =>
  [
    ['clips-original', counts.original],
    ['clips-verified', counts.verified],
    ['clips-differing', counts.failed],
    ['left-out-growing', counts.growing],
    ['left-out-not-uploaded', counts.notUploaded],
    ['left-out-missing', counts.missing],
    ['left-out-unreadable', counts.unreadable],
    ['left-out-unwritable-name', counts.unwritable],
  ].map(([name, count]) => [String(name), String(count)] as const)

function text(path: string, generation: number, { counts, differing, unreadable }: ManifestTally): string {
  const leftOut: [number, string][] = [
    [counts.growing, 'still being written'],
    [counts.notUploaded, 'not uploaded: rushes-agent list says why'],
    [counts.missing, 'not there any more'],
    [counts.unreadable, 'cannot be read'],
    [counts.unwritable, 'a name that XML cannot hold'],
  ]
  return [
    `wrote ${shownText(path)} (generation ${generation})`,
    `listed: ${counts.original} for the first time, ${counts.verified} verified, ${counts.failed} differing; read: ${counts.read}`,
    ...leftOut.filter(([count]) => count > 0).map(([count, why]) => `left out: ${count}, ${why}`),
    ...differing.map((file) => `differs: ${shownText(file)}`),
    ...unreadable.map(({ path: file, message }) => `cannot be read: ${shownText(file)} (${shownText(message)})`),
  ].join('\n')
}

function refuse(error: unknown): never {
  if (!(error instanceof HistoryError)) throw error
  throw new AgentError('SERVER_REFUSED', error.message, `${error.hint}.`, error)
}
