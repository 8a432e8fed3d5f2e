import type { Dir, Dirent } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, errorMessage } from '../agent-error.ts'
import type { DirectoryLook } from './file-identity.ts'
import type { LeaveOutRules } from './leave-out.ts'
import { decodeName } from './shown-name.ts'
import { lookAt, noLook, type Sighting } from './sighting.ts'
import { isAbsence } from './whereabouts.ts'

/** Looked at together: enough to keep the disk busy, few enough to stay small and to let others have their turn. */
const batchSize = 64

/** Begins the key of a name that leads to no string; no path contains a zero. */
export const unusableKeyPrefix = '\0'

export type WalkOptions = {
  realRoot: string
  rules: LeaveOutRules
  /** Called before a directory is listed, so that what changes while it is listed is noticed; false leaves it out. */
  enter(path: string, look: DirectoryLook): boolean
  signal: AbortSignal
}

/**
 * Everything at and below a directory of the watch folder, in batches, depth first. Nothing of it is kept but the directories still to
 * be entered, so neither many files nor deep folders cost memory. `''` is the watch folder itself.
 */
export async function* walkFolder(
  start: { path: string; look: DirectoryLook },
  options: WalkOptions,
): AsyncGenerator<Sighting[]> {
  const pending = [start]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (options.signal.aborted) return
    if (!options.enter(next.path, next.look)) continue
    for await (const sightings of listDirectory(next.path, options)) {
      for (const sighting of sightings) if (sighting.kind === 'directory') pending.push(sighting)
      yield sightings
      if (options.signal.aborted) return
    }
  }
}

async function* listDirectory(path: string, { realRoot, rules }: WalkOptions): AsyncGenerator<Sighting[]> {
  let names: Buffer[] = []
  const look = () => Promise.all(names.splice(0).map((name) => lookAtName(realRoot, path, name, rules)))
  try {
    for await (const entry of await openDirectory(join(realRoot, path))) {
      names.push(nameOf(entry))
      if (names.length >= batchSize) yield await look()
    }
  } catch (error) {
    if (isAbsence(error)) return
    // One folder that cannot be listed must not keep the others from being looked at.
    yield [{ path, kind: 'unreadable', error: { code: errorCode(error), message: errorMessage(error) } }]
  }
  names = names.splice(0)
  if (names.length > 0) yield await look()
}

async function lookAtName(realRoot: string, folder: string, bytes: Buffer, rules: LeaveOutRules): Promise<Sighting> {
  const name = decodeName(bytes)
  const below = (last: string) => (folder === '' ? last : `${folder}/${last}`)
  if (name.usable) return lookAt(realRoot, below(name.name), rules)
  return { path: unusableKeyPrefix + below(name.shown), kind: 'refused', reason: 'unusableName', look: noLook }
}

const openDirectory = (path: string): Promise<Dir> => opendir(path, { encoding: namesAsBytes, bufferSize: 256 })

/** Node.js takes `buffer` here like in `readdir`, and only its types leave it out: as strings, bytes that are not UTF-8 would be lost. */
const namesAsBytes = 'buffer' as unknown as BufferEncoding
const nameOf = (entry: Dirent): Buffer => Buffer.from(entry.name as unknown as Uint8Array)
