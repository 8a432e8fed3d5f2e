import { lstat } from 'node:fs/promises'
import type { SourceProblem } from '@rushes/upload-core'
import { errorCode } from '../agent-error.ts'
import { keysOfSuccessor } from '../capture/file-identity.ts'
import { inspectFile } from '../capture/inspect-file.ts'
import { isAbsence } from '../capture/whereabouts.ts'
import { openOnDisk, openSource, SourceProblemError } from '../destination/part-source.ts'
import type { SourceFacts } from '../queue/registrations.ts'
import type { StoredSource } from '../queue/stored-upload.ts'
import { expectedOf } from './expected-source.ts'

export type SourceLook =
  | { kind: 'same' }
  /** Another size, date or inode, or other ends; `facts` without keys unless the file was read, which they take. */
  | { kind: 'different'; facts: SourceFacts }
  | { kind: 'problem'; problem: SourceProblem; code: string }

/** Compares a file with what the queue remembers of it, without opening it unless its time alone speaks against it and times do not last there. */
export async function lookAtSource(source: StoredSource): Promise<SourceLook> {
  try {
    const stats = await lstat(source.path, { bigint: true })
    if (!stats.isFile()) return { kind: 'problem', problem: 'notARegularFile', code: '' }
    const facts = factsOf(source, stats)
    const isSameSize = facts.sizeBytes === source.sizeBytes
    const isSameTime = facts.modifiedUs === source.modifiedUs
    const isSame = isSameSize && isSameTime && (!source.inodeIsStable || facts.inode === source.inode)
    if (isSame || (isSameSize && (await isKnownByItsEnds(source)))) return { kind: 'same' }
    return { kind: 'different', facts }
  } catch (error) {
    return problemOf(error)
  }
}

/**
 * What lies where the file of an upload was, to be taken as it is now: by its ends too, since a card may give another take the size and the
 * date of the one before. With keys, so that capture, which may come by later, knows it again.
 */
export async function readSource(source: StoredSource): Promise<SourceLook> {
  const { path, identityKey } = source
  if (identityKey === null) return lookAtSource(source)
  try {
    const stats = await lstat(path, { bigint: true })
    const look = { sizeBytes: Number(stats.size), mtimeNs: stats.mtimeNs, inode: stats.ino, device: stats.dev }
    const inspection = await inspectFile(path, look)
    // What is no file, or changes right now, shows as that.
    if (inspection.kind !== 'read') return lookAtSource(source)
    const { key, statKey } = keysOfSuccessor(identityKey, look, inspection.headTailDigest)
    if (key === identityKey) return { kind: 'same' }
    return { kind: 'different', facts: { ...factsOf(source, stats), identityKey: key, statKey } }
  } catch (error) {
    return problemOf(error)
  }
}

const factsOf = (source: StoredSource, stats: { ino: bigint; size: bigint; mtimeNs: bigint }): SourceFacts => ({
  volumeId: source.volumeId,
  inode: stats.ino.toString(),
  inodeIsStable: source.inodeIsStable,
  sizeBytes: Number(stats.size),
  modifiedUs: Number(stats.mtimeNs / 1_000n),
  identityKey: null,
  statKey: null,
})

function problemOf(error: unknown): SourceLook {
  if (error instanceof SourceProblemError) return { ...error.failure, kind: 'problem' }
  return { kind: 'problem', problem: isAbsence(error) ? 'missing' : 'unreadable', code: errorCode(error) }
}

async function isKnownByItsEnds(source: StoredSource): Promise<boolean> {
  const expected = expectedOf(source)
  if (!('headTailDigest' in expected)) return false
  try {
    const { path, sizeBytes } = source
    await (await openSource(openOnDisk, { path, offsetBytes: 0, sizeBytes, expected })).close()
    return true
  } catch (error) {
    if (error instanceof SourceProblemError && error.failure.problem !== 'unreadable') return false
    throw error
  }
}
